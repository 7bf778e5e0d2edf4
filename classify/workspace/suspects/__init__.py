"""Labels of a workspace that are probably wrong: found, and sent to another annotator."""
