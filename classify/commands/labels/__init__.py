"""`classify labels`: annotate in Label Studio, bring the labels back."""
