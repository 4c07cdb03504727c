"""The only place with gevent and sockets: listeners, connections, outboxes and the turn."""
