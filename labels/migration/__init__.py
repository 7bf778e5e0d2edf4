"""Changing one's mind: categories that are renamed, merged, split, retired and added."""
