"""The socket between the two processes: JSON documents, which may contain bytes, each with open descriptors.

A document is sent as its length, the number of its descriptors, and its bytes; then the descriptors in groups, each of
which is acknowledged, so that not too many are in flight: see unix(7), ETOOMANYREFS.
"""

import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from greenchat.commands.core.process import HandoverError

VARIABLE = "GREENCHAT_HANDOVER"
"""The environment variable with the descriptor of the socket, in a process that is to take over."""

_HEAD = struct.Struct("!QI")
_GROUP = 200  # descriptors: the system's limit is 253 at once
_BYTES = "\0bytes"  # a key that no data of users can have
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class HandoverLink:
    """One end of the socket. Its methods block, without gevent."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    @classmethod
    def inherited(cls, environment: Mapping[str, str] = os.environ) -> "HandoverLink | None":
        """Return the link to the process that has started this one to take over; None if that is not why it runs."""
        descriptor = environment.get(VARIABLE, "")
        if not descriptor.isdecimal():
            return None
        os.set_inheritable(int(descriptor), False)
        return cls(socket.socket(fileno=int(descriptor)))

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def send(self, document: Any, descriptors: Sequence[int] = (), patience: float | None = None) -> None:
        """Send a document and open descriptors. patience: seconds for each step. Raises HandoverError."""
        data = json.dumps(document, default=_dump_bytes, separators=(",", ":")).encode()
        try:
            self._sock.settimeout(patience)
            self._sock.sendall(_HEAD.pack(len(data), len(descriptors)) + data)
            for start in range(0, len(descriptors), _GROUP):
                socket.send_fds(self._sock, [b"+"], list(descriptors[start : start + _GROUP]))
                self._read(1)
        except OSError as error:
            raise HandoverError(f"the other process can't be told: {error.strerror or error}") from error

    def receive(self, patience: float | None = None) -> tuple[Any, list[int]]:
        """Return the next document and its descriptors. patience: seconds for each step. Raises HandoverError."""
        descriptors: list[int] = []
        try:
            self._sock.settimeout(patience)
            size, count = _HEAD.unpack(self._read(_HEAD.size))
            data = self._read(size)
            while len(descriptors) < count:
                byte, received, _, _ = socket.recv_fds(self._sock, 1, _GROUP, _CLOSE_ON_EXEC)
                if not byte:
                    raise HandoverError("the other process has ended")
                descriptors += received
                self._sock.sendall(b"+")
        except TimeoutError as error:
            raise HandoverError("the other process does not answer") from error
        except OSError as error:
            raise HandoverError(f"the other process does not answer: {error.strerror or error}") from error
        return json.loads(data, object_hook=_load_bytes), descriptors

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._sock.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise HandoverError("the other process has ended")
            data += piece
        return bytes(data)


def refuse(text: str, *, needs_restart: bool = False) -> None:
    """Tell the process that has started this one to take over, if one has, why that can't be."""
    link = HandoverLink.inherited()
    if link:
        del os.environ[VARIABLE]  # report it only once
        with suppress(HandoverError):
            link.send({"error": text, "needs_restart": needs_restart}, patience=1.0)


def _dump_bytes(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return {_BYTES: value.decode("latin-1")}
    raise TypeError(f"{type(value).__name__} can't be handed over")


def _load_bytes(value: dict[str, Any]) -> Any:
    return value[_BYTES].encode("latin-1") if len(value) == 1 and _BYTES in value else value
