"""The configuration: its keys, defaults, file and checks."""
