"""Hugging Face encoders: read, cut to windows, computed on whatever there is."""
