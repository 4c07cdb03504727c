"""The network between a node and the engine, which can be cut."""

import select
import socket
import threading
from contextlib import suppress


class Proxy:
    """Passes connections on to a port of 127.0.0.1. port: its own. url: where nodes find it.

    accepted: how many connections there were.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self._open = threading.Event()
        self._open.set()
        self.accepted = 0
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through: connections stay, as when somebody has pulled a cable."""
        self._open.clear()

    def mend(self) -> None:
        """Let all through again, and what was sent meanwhile, too."""
        self._open.set()

    def drop(self) -> None:
        """End its connections. More may come."""
        for sock in self._ends:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._open.set()
        for sock in (self._listening, *self._ends):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except ConnectionRefusedError:  # nobody listens yet
                    near.close()
                    continue
                self.accepted += 1
                self._ends |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError, ValueError):
            while select.select([source], [], []) and (data := source.recv(65536)):
                self._open.wait()
                target.sendall(data)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
