"""RPL_NAMREPLY in cached pieces, so that an answer for a large channel costs a few operations per line and none per
member.

https://modern.ircdocs.horse/#rplnamreply-353: `:server 353 reader = #channel :@alice bob`. The names are the same for
all clients with the same capabilities: they are cached here, encoded, and updated line by line when members join, leave
or change; the part before them is the same on every line. Together a line fits into 512 bytes.
"""

from collections.abc import Hashable, Iterable

from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.wrap import room

_SPARSE = 4  # lines: below that, gaps are not worth closing


class _NamesLine:
    __slots__ = ("names", "size", "wire")

    def __init__(self) -> None:
        self.names: dict[Hashable, str] = {}
        self.size = 0
        self.wire = b""


class NamesLines:
    """The names of a channel's members, in lines.

    Reads: texts, wire. Changes: add, remove, replace. A key identifies a member.
    """

    __slots__ = ("_line_of", "_lines", "_room", "_size", "nick_bytes")

    def __init__(self, server: str, channel: str, *, nick_bytes: int) -> None:
        """Make an empty list. server: the source. nick_bytes: of the longest nick of a reader."""
        self.nick_bytes = nick_bytes
        self._room = room(server, "353", "=", channel) - nick_bytes - 1
        self._lines: list[_NamesLine] = []
        self._line_of: dict[Hashable, _NamesLine] = {}
        self._size = 0

    def add(self, key: Hashable, name: str) -> None:
        """Add a name."""
        size = len(name.encode()) + 1
        line = self._lines[-1] if self._lines else None
        if line is None or line.size + size > self._room + 1:
            line = _NamesLine()
            self._lines.append(line)
        line.names[key] = name
        line.size += size
        line.wire = b""
        self._line_of[key] = line
        self._size += size

    def remove(self, key: Hashable) -> None:
        """Remove a name."""
        line = self._line_of.pop(key)
        size = len(line.names.pop(key).encode()) + 1
        line.size -= size
        line.wire = b""
        self._size -= size
        if not line.names:
            self._lines.remove(line)
        elif len(self._lines) > _SPARSE and self._size < len(self._lines) * self._room // 2:
            self._close_gaps()

    def replace(self, key: Hashable, name: str) -> None:
        """Replace the name of a key."""
        line = self._line_of[key]
        grown = len(name.encode()) - len(line.names[key].encode())
        if line.size + grown > self._room + 1:
            self.remove(key)
            self.add(key, name)
            return
        line.names[key] = name
        line.size += grown
        line.wire = b""
        self._size += grown

    def texts(self) -> list[str]:
        """Return the last parameter of each line."""
        return [" ".join(line.names.values()) for line in self._lines]

    def wire(self) -> list[bytes]:
        """Return the last parameter of each line, encoded, with CR LF."""
        return [line.wire or self._encode(line) for line in self._lines]

    def _encode(self, line: _NamesLine) -> bytes:
        line.wire = (" ".join(line.names.values()) + "\r\n").encode()
        return line.wire

    def _close_gaps(self) -> None:
        names: Iterable[tuple[Hashable, str]] = [item for line in self._lines for item in line.names.items()]
        self._lines.clear()
        self._line_of.clear()
        self._size = 0
        for key, name in names:
            self.add(key, name)


class NamesReply(Envelope):
    """All lines of RPL_NAMREPLY for one reader: a message with an empty last parameter, and the names for it."""

    __slots__ = ("_wire",)

    def __init__(self, wire: list[bytes], message: Message, *, time: int, batch: str = "", label: str = "") -> None:
        """Make a reply. wire: of a `NamesLines`. message: the beginning of each line. time: ms since the epoch."""
        super().__init__(message, time=time, batch=batch, label=label)
        self._wire = wire

    def _with(self, *, batch: str, label: str) -> "NamesReply":
        return NamesReply(self._wire, self.message, time=self.time, batch=batch, label=label)

    def _encode(self, kind: int) -> bytes:
        head = super()._encode(kind).removesuffix(b"\r\n")
        return head + head.join(self._wire) if self._wire else b""
