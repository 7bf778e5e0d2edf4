"""The project in Label Studio: its server, its team, its categories."""
