"""Files of every kind become articles, one at a time."""
