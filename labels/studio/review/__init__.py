"""Labels in doubt in Label Studio: sent to another annotator, in a project of their own."""
