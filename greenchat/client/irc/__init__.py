"""Communication with servers: login, history, sending, typing, the notify list."""
