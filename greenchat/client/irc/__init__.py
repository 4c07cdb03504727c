"""What the client says to servers: login, history, sending, typing, the notify list."""
