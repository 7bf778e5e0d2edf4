"""How far the annotation of a workspace is: pace, forecast, what to do next."""
