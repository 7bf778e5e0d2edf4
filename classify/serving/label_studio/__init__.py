"""Label Studio's ML backend: suggestions, retraining and the connected project."""
