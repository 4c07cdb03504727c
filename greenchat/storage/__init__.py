"""Persistent data: history, accounts, registered channels. An interface and its SQLite implementation."""
