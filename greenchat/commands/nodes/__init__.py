"""Commands and steps about the nodes of the server."""
