"""Labels that are probably wrong: pairs of an article and a category, the worst first."""
