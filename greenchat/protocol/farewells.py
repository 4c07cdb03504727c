"""Farewells of the server that our client recognizes."""

UPGRADED = "The server was upgraded; connect again"
