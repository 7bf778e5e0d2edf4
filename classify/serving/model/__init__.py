"""The model in its own process, and the queue of texts that wait for it."""
