"""The embedded Label Studio: installed for the user, started on loopback, logged in to."""
