"""Label Studio's ML backend: suggestions, retraining, the project that is connected."""
