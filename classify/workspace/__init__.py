"""What commands and the service do with a workspace."""
