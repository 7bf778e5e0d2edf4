"""Disputes are put to one more person, and decisions by hand are kept."""
