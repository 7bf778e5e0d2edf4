"""How good predictions are: metrics, curves, comparisons."""
