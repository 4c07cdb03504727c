"""What outlives the process: history, accounts, registered channels. An interface and its SQLite implementation."""
