"""A numeric for many users, each with their own nick, encoded once for all."""

from greenchat.protocol.caps import PLAIN, SERVER_TIME, TILDE
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message
from greenchat.protocol.times import format_time
from greenchat.protocol.websocket import FRAMED

_NOBODY = "*"
_OTHERWISE = PLAIN | TILDE | FRAMED  # kinds of clients that get no such line


class Addressed:
    """A numeric for many readers. params: without the reader's nick."""

    __slots__ = ("_after", "_before", "_message", "_room")

    def __init__(self, numeric: str, *params: str, source: str) -> None:
        """Make a numeric. Raises ValueError if it can't be a line, see `Message.format`."""
        self._message = Message(numeric, (_NOBODY, *params), source)
        line = self._message.format_body().encode() + b"\r\n"
        # the nick is the first parameter, and the source before the command contains no space
        before, command, after = line.partition(f" {numeric} ".encode())
        self._before, self._after = before + command, after.removeprefix(_NOBODY.encode())
        self._room = BODY_LIMIT - len(line) + len(_NOBODY)  # the largest length of a nick in bytes

    def encode(self, kind: int, nick: str, time: int) -> bytes:
        """Return the bytes for a client of this kind and nick. time: milliseconds since the epoch."""
        name = nick.encode()
        if kind & _OTHERWISE or len(name) > self._room:
            return self.addressed_to(nick, time).encode(kind)
        line = b"%b%b%b" % (self._before, name, self._after)
        return b"@time=%b %b" % (format_time(time).encode(), line) if kind & SERVER_TIME else line

    def addressed_to(self, nick: str, time: int) -> Envelope:
        """Return the numeric for one reader."""
        return Envelope(self._message._replace(params=(nick, *self._message.params[1:])), time=time)
