"""All that an operator may set: its keys, defaults, file and checks."""
