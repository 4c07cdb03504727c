"""Reasons for a disconnection that our client recognizes, as parameters of ERROR."""

UPGRADED = "The server was upgraded; connect again"
