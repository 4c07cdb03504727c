"""The server's side of the control socket: accepts, reads one request, answers it."""

import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from gevent.server import StreamServer

from greenchat.server.control.wire import LONGEST, address_of, decode, encode, path_in

log = logging.getLogger(__name__)

_PATIENCE = 10.0  # seconds to send a request
_BACKLOG = 16


class RequestError(Exception):
    """The request can't be carried out; the text says why in one line."""


ControlAnswer = Callable[[Mapping[str, Any]], Any]


class ControlService:
    """Answers requests on `control.sock` in the data folder until `close`. answer: raises RequestError."""

    def __init__(self, data: Path, answer: ControlAnswer) -> None:
        self._path = path_in(data)
        self._answer = answer
        self._server: StreamServer | None = None
        self._asking: set[Any] = set()  # connections with unanswered requests

    def start(self) -> None:
        """Open the socket. If that fails the server continues without it, and the log says why."""
        with suppress(FileNotFoundError):
            self._path.unlink()  # left by a killed server: the data folder's lock is ours
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address_of(self._path) as address:
                listening.bind(address)  # the umask makes it 0600
            self._path.chmod(0o600)
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            log.warning("there is no control socket %s: %s", self._path, error.strerror)
            return
        listening.setblocking(False)
        self._server = StreamServer(listening, self._serve)
        self._server.start()

    def close(self) -> None:
        """Stop accepting connections, and remove the socket."""
        if self._server is not None:
            self._server.stop(timeout=0)
            with suppress(OSError):
                self._path.unlink()

    def answer_all(self, answer: object) -> None:
        """Send this answer to all unanswered requests, without waiting."""
        for connection in self._asking:
            with suppress(OSError):
                connection.send(encode({"ok": answer}))

    def _serve(self, connection: Any, _: object) -> None:
        with connection, suppress(OSError):
            line = b""
            with gevent.Timeout(_PATIENCE, False):
                while not line.endswith(b"\n") and len(line) < LONGEST:
                    data = connection.recv(4096)
                    if not data:
                        break
                    line += data
            self._asking.add(connection)
            try:
                reply = self._reply(line)
            finally:
                self._asking.discard(connection)
            with gevent.Timeout(_PATIENCE, False):
                connection.sendall(encode(reply))

    def _reply(self, line: bytes) -> Mapping[str, Any]:
        try:
            return {"ok": self._answer(decode(line))}
        except RequestError as error:
            return {"error": str(error)}
        except ValueError:
            return {"error": "the request is not a JSON object on one line"}
        except Exception:
            log.exception("a bug in a request of the control socket")
            return {"error": "internal error: see the server's log"}
