"""What the labelling page looks like and says: its style, words, keys, guide and tabs."""
