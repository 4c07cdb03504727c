"""What the server keeps: the store's thread, restoring state, the audit log, backups, adduser."""
