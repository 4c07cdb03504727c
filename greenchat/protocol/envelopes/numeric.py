"""A numeric for many users, each with their own nick, encoded once per kind of client."""

from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message
from greenchat.protocol.websocket import FRAMED, frames

_NOBODY = "*"


class Addressed:
    """A numeric for many readers. params: without the reader's nick. time: milliseconds since the epoch."""

    __slots__ = ("_envelope", "_halves", "_room")

    def __init__(self, numeric: str, *params: str, source: str, time: int) -> None:
        self._envelope = Envelope(Message(numeric, (_NOBODY, *params), source), time=time)
        self._halves: dict[bytes, tuple[bytes, bytes]] = {}
        self._room = -1  # the largest length of a nick in bytes

    def encode(self, kind: int, nick: str) -> bytes:
        """Return the bytes for a client of this kind and nick."""
        if kind & FRAMED:
            return frames(self.encode(kind & ~FRAMED, nick), kind)
        whole = self._envelope.encode(kind)
        halves = self._halves.get(whole) or self._split(whole)
        name = nick.encode()
        if len(name) > self._room:
            return self.addressed_to(nick).encode(kind)
        return halves[0] + name + halves[1]

    def addressed_to(self, nick: str) -> Envelope:
        """Return the numeric for one reader."""
        message = self._envelope.message
        return Envelope(message._replace(params=(nick, *message.params[1:])), time=self._envelope.time)

    def _split(self, whole: bytes) -> tuple[bytes, bytes]:
        """Split a line at the nick, its first parameter: neither the tags nor the source before it contain a space."""
        message = self._envelope.message
        self._room = BODY_LIMIT - len(message.format_body().encode() + b"\r\n") + len(_NOBODY)
        before, command, after = whole.partition(f" {message.command} ".encode())
        halves = self._halves[whole] = (before + command, after.removeprefix(_NOBODY.encode()))
        return halves
