"""The client's sockets: transport, TLS, SOCKS, and a local server."""
