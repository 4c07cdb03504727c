"""HTTP: the page, WebSocket, and everything else on that protocol."""
