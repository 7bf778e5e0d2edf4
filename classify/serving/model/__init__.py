"""The process that holds the model, and the queue before it."""
