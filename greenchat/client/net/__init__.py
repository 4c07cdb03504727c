"""The client's sockets: transport, TLS, SOCKS, and a server of its own."""
