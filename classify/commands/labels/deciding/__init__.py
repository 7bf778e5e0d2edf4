"""What annotators disagree on, and labels that are probably wrong."""
