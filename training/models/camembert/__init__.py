"""An encoder fine-tuned on the labels."""
