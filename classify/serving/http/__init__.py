"""HTTP: routes, requests, answers, limits and metrics."""
