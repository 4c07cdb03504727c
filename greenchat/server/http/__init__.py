"""What speaks HTTP: the page, WebSocket, and what hangs on them."""
