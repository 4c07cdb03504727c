"""Other programs that the client starts."""
