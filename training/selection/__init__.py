"""Which articles to annotate next, and what choosing them saves over a random order."""
