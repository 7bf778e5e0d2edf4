"""Articles on disk become Documents."""
