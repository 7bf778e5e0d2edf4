"""Articles go to annotators, and what they decided comes back."""
