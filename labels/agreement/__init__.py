"""How far annotators agree, how strict each of them is, and where a third opinion pays."""
