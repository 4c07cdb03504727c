"""The interface of a socket that a connection and its outbox use; a TLS connection offers the same."""

import socket
from collections.abc import Mapping
from typing import Protocol


class Stream(Protocol):
    """A connected, non-blocking stream of bytes. A call that would block raises BlockingIOError."""

    def fileno(self) -> int:
        """Return the descriptor to watch."""

    def recv(self, size: int, /) -> bytes:
        """Return at most `size` bytes that are there; b"" at the end. Raises OSError."""

    def send(self, data: bytes, /) -> int:
        """Send bytes; return how many of them were taken. Raises OSError."""

    def shutdown(self, how: int, /) -> None:
        """Shut down as socket.shutdown does. Raises OSError."""

    def close(self) -> None:
        """Close the descriptor."""


class SecureStream(Stream, Protocol):
    """A stream through TLS."""

    @property
    def peer_fingerprint(self) -> str:
        """SHA-256 of the client's certificate in lower-case hex, "" if it showed none."""

    @property
    def bindings(self) -> Mapping[str, bytes]:
        """Return what a login through it can be bound to, type -> data; once the handshake is done."""

    def handshake(self) -> None:
        """Continue the handshake. Raises BlockingIOError until it is done, OSError if it fails."""


class TlsAcceptor(Protocol):
    """Begins TLS on connections that ask for it. `tls` has the real one, which is imported only where TLS is wanted.

    fingerprint: SHA-256 of its certificate, in the form that people compare.
    """

    fingerprint: str

    @property
    def expires(self) -> int:
        """The end of the certificate, in ms since the epoch; 0 if it is not known."""

    def is_trusted_for(self, name: str, now: int) -> bool:
        """Whether the certificate is issued by an authority for this host, and valid now (ms since the epoch)."""

    def accept(self, sock: socket.socket) -> SecureStream:
        """Begin TLS as the server on a connected non-blocking socket."""

    def date_warning(self, now: int) -> str:
        """Return what is, or will soon be, wrong with the certificate's dates, in words; "" if nothing is. now: ms."""

    def renew(self, now: int) -> str:
        """Read the certificate's files again if they were replaced; return what operators should know. now: ms."""


class Lines(Protocol):
    """The input of a client that speaks IRC."""

    @property
    def unread(self) -> bytes:
        """Return the unhandled input: lines, and the beginning of the next one."""
