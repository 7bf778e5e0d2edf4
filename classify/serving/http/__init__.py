"""HTTP: routes, requests, answers, limits, metrics."""
