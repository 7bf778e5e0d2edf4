"""Work on a workspace that both the commands and the service do."""
