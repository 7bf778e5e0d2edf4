"""The desk report: one page on how the annotation of a workspace goes, in French and English."""
