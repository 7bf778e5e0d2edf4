"""A Dataset becomes a run: a model with everything needed to use and to judge it."""
