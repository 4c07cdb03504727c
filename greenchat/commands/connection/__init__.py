"""Connections: registration, capabilities, leaving, always-on users."""
