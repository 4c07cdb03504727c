"""Sockets: listeners, connections, TLS, outboxes, the turn."""
