"""Damaged text is mended where that is sure, and named where it is not."""
