"""report.html and the model card: what people read of a run."""
