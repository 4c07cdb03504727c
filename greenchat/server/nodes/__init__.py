"""Several nodes that are one server, see README.md."""
