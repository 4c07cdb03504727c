"""The network between a node and the engine, which can be cut, or slow."""

import select
import socket
import threading
import time
from contextlib import suppress


class Proxy:
    """Forwards connections to a port of 127.0.0.1.

    port: its own. url: its URL for nodes. accepted: the number of connections so far. delay: in seconds, of whatever is
    read from the target.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self._open = threading.Event()
        self._open.set()
        self.accepted = 0
        self.delay = 0.0
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Forward nothing: connections stay, as when a cable is pulled."""
        self._open.clear()

    def reopen(self) -> None:
        """Forward again, including what was sent meanwhile."""
        self._open.set()

    def drop(self) -> None:
        """End all connections; new ones are accepted."""
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
                except ConnectionRefusedError:  # there is no listener yet
                    near.close()
                    continue
                self.accepted += 1
                self._ends |= {near, far}
                for way in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pass, args=way, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_back: bool) -> None:
        with suppress(OSError, ValueError):
            while select.select([source], [], []) and (data := source.recv(65536)):
                self._open.wait()
                if is_back:
                    time.sleep(self.delay)
                target.sendall(data)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
