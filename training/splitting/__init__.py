"""Which articles are learned from and which are measured on: splits and folds."""
