"""Documents go to Label Studio and come back as a Dataset of agreed labels."""
