"""Inputs of any size become predictions, on this machine."""
