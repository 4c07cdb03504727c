"""Lines in WebSocket frames, cheap enough for simulated clients: the mask is zero, which changes no byte.

https://ircv3.net/specs/extensions/websocket
"""

_HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: text.ircv3.net\r\n\r\n"
)
_MASK = bytes(4)
_TEXT, _CLOSE = 0x81, 0x88
_MOST_KNOWN = 64  # chunks with cached lines


class WrongFrameError(Exception):
    """The server's answer is not WebSocket; the text has its bytes."""


class Framing:
    """The framing of one client's bytes. It begins with the handshake, whose answer is skipped.

    Most members of a channel get the same chunks: each is parsed only once, so that clients with frames are nearly as
    fast as others.
    """

    __slots__ = ("_is_open", "_known", "_rest")

    def __init__(self, known: dict[bytes, tuple[bytes, bytes]]) -> None:
        """Begin with the handshake. known: chunks -> their lines and the rest, shared by all clients."""
        self._is_open = False
        self._rest = b""
        self._known = known

    @property
    def handshake(self) -> bytes:
        """The bytes to send first."""
        return _HANDSHAKE

    def wrap(self, lines: bytes) -> bytes:
        """Return complete lines as frames."""
        return b"".join([_frame(line) for line in lines.split(b"\r\n") if line])

    def unwrap(self, data: bytes) -> bytes:
        """Return the lines of the frames that are complete. Raises WrongFrameError."""
        data = self._rest + data
        if self._is_open:
            parsed = self._known.get(data)
            if parsed is None:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                parsed = self._known[data] = _lines(data, 0)
        else:
            at = data.find(b"\r\n\r\n") + 4
            if at == 3:
                self._rest = data
                return b""
            if not data.startswith(b"HTTP/1.1 101 "):
                raise WrongFrameError(f"instead of a WebSocket: {data[:200]!r}")
            self._is_open = True
            parsed = _lines(data, at)
        lines, self._rest = parsed
        return lines


def _lines(data: bytes, at: int) -> tuple[bytes, bytes]:
    """Return the lines of the frames from an offset on, and the rest. Raises WrongFrameError."""
    size = len(data)
    lines: list[bytes] = []
    while at + 2 <= size:
        begin = at + 2
        length = data[at + 1]
        if length == 126:
            begin = at + 4
            length = int.from_bytes(data[at + 2 : begin], "big")
        end = begin + length
        if end > size or begin > size:
            break
        if data[at] == _TEXT:
            lines.append(data[begin:end])
            lines.append(b"\r\n")
        elif data[at] != _CLOSE:
            raise WrongFrameError(f"an unexpected frame: {data[at : at + 20]!r}")
        at = end
    return b"".join(lines), data[at:]


def _frame(line: bytes) -> bytes:
    size = len(line)
    if size < 126:
        return bytes((_TEXT, 0x80 | size)) + _MASK + line
    return bytes((_TEXT, 0x80 | 126)) + size.to_bytes(2, "big") + _MASK + line
