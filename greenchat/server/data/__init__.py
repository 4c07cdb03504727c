"""Stored data: the store's thread, restoring state, the audit log, backups, adduser."""
