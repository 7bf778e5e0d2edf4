"""Files that clients send, read in processes of their own."""
