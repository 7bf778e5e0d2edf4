"""Coverage-guided fuzzing of whatever reads a stranger's bytes."""
