"""IRC in WebSocket: a line is a message, sent by the server as one unmasked frame, so that it is the same for all.

https://ircv3.net/specs/extensions/websocket, https://www.rfc-editor.org/rfc/rfc6455#section-5.2
"""

from greenchat.protocol.caps import WEBSOCKET_BINARY, WEBSOCKET_TEXT

TEXT = "text.ircv3.net"
BINARY = "binary.ircv3.net"
FRAMED = WEBSOCKET_TEXT | WEBSOCKET_BINARY

MESSAGE_LIMIT = 16 * 1024  # bytes of a received message: more than any line with its tags can have

LEAVES = b"QUIT\r\n"
"""The line that stands for a close frame."""

NORMAL = 1000
GOING_AWAY = 1001
SERVICE_RESTART = 1012
WRONG_DATA = 1007
AGAINST_THE_RULES = 1008

_FINAL_TEXT, _FINAL_BINARY, _FINAL_CLOSE = 0x81, 0x82, 0x88
_SHORT = 126  # bytes from which on the length takes two more, and with 2 ** 16 eight more
_MEDIUM = 1 << 16
_MASKED = 0x80
_FINAL, _CONTROL = 0x80, 0x08
_HEAD = 2  # bytes of a frame before its length continues, and its mask
_MASKED_HEAD = 6  # bytes of a frame without payload


def frames(lines: bytes, kind: int) -> bytes:
    """Return complete lines as frames for this kind of client: one each, without its line end.

    "each message MUST consist of a single IRC line, except that servers and clients MUST NOT include trailing \\r or
    \\n characters in the message."
    """
    first = _FINAL_TEXT if kind & WEBSOCKET_TEXT else _FINAL_BINARY
    if lines.count(b"\n") == 1:
        return _frame(first, lines.removesuffix(b"\r\n"))
    return b"".join([_frame(first, line) for line in lines.split(b"\r\n") if line])


def close_frame(code: int) -> bytes:
    """Return the last frame: the reason as a close code."""
    return _frame(_FINAL_CLOSE, code.to_bytes(2, "big"))


def whole_messages(data: bytes) -> list[tuple[int, bytes]]:
    """Return (opcode, payload) of messages in one masked frame each, the common case, or else [].

    After [] use a complete parser: this function is for speed only.
    """
    messages: list[tuple[int, bytes]] = []
    at, size = 0, len(data)
    while at < size:
        first = data[at]
        if (first != _FINAL_TEXT and first != _FINAL_BINARY) or size < at + _MASKED_HEAD or data[at + 1] < _MASKED:
            return []
        length, key = data[at + 1] - _MASKED, at + 2
        if length == _SHORT:
            length, key = data[at + 2] << 8 | data[at + 3], at + 4
        elif length > _SHORT:
            return []
        begin = key + 4
        end = begin + length
        if end > size or length > MESSAGE_LIMIT:
            return []
        mask = (data[key:begin] * (length // 4 + 1))[:length]
        payload = int.from_bytes(data[begin:end], "little") ^ int.from_bytes(mask, "little")
        messages.append((first & 0x0F, payload.to_bytes(length, "little")))
        at = end
    return messages


class UnfinishedFrames:
    """The frames of one client since its last complete message, for another process that takes over."""

    __slots__ = ("_at", "_data", "_is_open")

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0  # of the next frame
        self._is_open = False  # a message without its last frame

    def add(self, data: bytes) -> None:
        """Add received bytes."""
        self._data += data
        while size := _size_of_frame(self._data, self._at):
            first = self._data[self._at]
            self._at += size
            if first & 0x0F < _CONTROL:
                self._is_open = first < _FINAL
            if not self._is_open:
                del self._data[: self._at]
                self._at = 0

    @property
    def data(self) -> bytes:
        """Return the collected bytes."""
        return bytes(self._data)


def _size_of_frame(data: bytes | bytearray, at: int) -> int:
    """Return the size of the frame that begins there, 0 if it is incomplete."""
    left = len(data) - at
    if left < _HEAD:
        return 0
    length, head = data[at + 1] & ~_MASKED, _HEAD
    if length >= _SHORT:
        head += 2 if length == _SHORT else 8
        if left < head:
            return 0
        length = int.from_bytes(data[at + _HEAD : at + head], "big")
    size = head + length + (4 if data[at + 1] & _MASKED else 0)
    return size if size <= left else 0


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size < _MEDIUM:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload
