"""Runs on disk: written whole, checked, listed, promoted."""
