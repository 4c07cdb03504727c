"""Last words of the server that our client understands."""

UPGRADED = "The server was upgraded; connect again"
