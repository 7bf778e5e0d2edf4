"""Which articles and which suggestions go to Label Studio."""
