"""The HTTP service: API, page, Label Studio's ML backend. `classify serve` starts it."""
