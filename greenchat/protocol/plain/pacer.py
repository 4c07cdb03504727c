"""The writing side of one plain connection: what to write when.

It takes the lines of `render`, shared with other clients, and returns chunks in this client's `OutputStyle`. For a raw
or tilde client a recv() is a message, so each write must arrive alone: one message per write, and a pause between two.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from greenchat.protocol.plain.family import CHUNK_LIMIT, GAP, PROMPT, Family, OutputStyle
from greenchat.protocol.plain.render import SERVER
from greenchat.protocol.plain.text import split_text, to_ascii

LAST_LINES = 20  # lines that a client still gets when its connection is closed

_SERVER = SERVER.encode()


class Pacer:
    """An ordered queue, bounded in bytes (limit)."""

    __slots__ = ("_family", "_next", "_queue", "_style", "limit", "size")

    def __init__(self, style: OutputStyle, limit: int) -> None:
        self._style = style
        self._family = style.family
        self._queue: deque[bytes] = deque()
        self._next = 0
        self.limit = limit
        self.size = 0

    def dump(self) -> list[Any]:
        """Return the waiting messages with their times, as plain values and bytes."""
        self._follow()
        return [list(self._queue), self._next]

    def load(self, form: Sequence[Any]) -> None:
        """Load the dumped messages."""
        lines, self._next = form
        self._keep(lines)

    def put(self, data: bytes) -> bool:
        """Append lines; return False if the limit is exceeded, since the client is too slow."""
        self._follow()
        if data:
            self._queue.append(data)
            self.size += len(data)
        return self.size <= self.limit

    def due(self, now: int) -> tuple[bytes, int | None]:
        """Return (bytes to write now, None), (b"", time of the next call), or (b"", None) if nothing waits."""
        self._follow()
        if not self._queue:
            return b"", None
        when = max(self._style.hold_until, self._next)
        return (b"", when) if now < when else (self._chunk(), None)

    def written(self, now: int) -> None:
        """Note that the chunk that was due has been written."""
        if self._family is not Family.LINE:
            self._next = now + GAP

    def finish(self) -> None:
        """Prepare for closing: wait for no window any more, and keep only the last lines."""
        self._follow()
        self._style.hold_until = 0
        self._keep(self._lines()[-LAST_LINES:])

    def _chunk(self) -> bytes:
        """Return the next message, and those after it that may share its write."""
        self._fill()
        chunk = self._pop()
        if self._family is Family.TILDE or (self._family is Family.RAW and not self._style.newline):
            chunk = chunk.removesuffix(b"\n")
        elif self._family is Family.LINE or self._next:
            # Not as the first write to a raw client: some take the recv() after the name for an answer, and hide it.
            while self._fill() and len(chunk) + len(self._queue[0]) <= CHUNK_LIMIT:
                chunk += self._pop()
        # the text would be taken for the prompt, and answered with the name
        return chunk.replace(PROMPT, b"(" + PROMPT + b")") if chunk.strip() == PROMPT else chunk

    def _fill(self) -> bool:
        """Put a single line at the head of the queue, in this client's form; return False if there is none."""
        queue = self._queue
        if not queue:
            return False
        data = queue[0]
        ascii_only = self._style.ascii and not data.isascii()
        if ascii_only or data.find(b"\n") < len(data) - 1:
            lines = queue.popleft().splitlines(keepends=True)
            if ascii_only:
                lines = [ready for line in lines for ready in _ascii_lines(line)]
            queue.extendleft(reversed(lines))
            self.size += sum(map(len, lines)) - len(data)
        return True

    def _pop(self) -> bytes:
        line = self._queue.popleft()
        self.size -= len(line)
        return line

    def _lines(self) -> list[bytes]:
        return [line for data in self._queue for line in data.splitlines(keepends=True)]

    def _keep(self, lines: list[bytes]) -> None:
        self._queue = deque(lines)
        self.size = sum(map(len, lines))

    def _follow(self) -> None:
        """Adapt the queue if the client has turned out to be raw."""
        if self._family is self._style.family:
            return
        if self._family is Family.TILDE:
            self._keep([_untilde(line) for line in self._lines()])
        self._family = self._style.family


def _ascii_lines(line: bytes) -> list[bytes]:
    """Return the line in ASCII. It may become longer (some letters need several), and then several lines."""
    text = to_ascii(line.decode().removesuffix("\n"))
    if len(text) < CHUNK_LIMIT:
        return [text.encode() + b"\n"]
    who, colon, _ = text.partition(": ")
    before = who + colon if colon and " " not in who else ""
    pieces = split_text(text[len(before) :], CHUNK_LIMIT - 1 - len(before))
    return [f"{before}{piece}\n".encode() for piece in pieces]


def _untilde(line: bytes) -> bytes:
    who, _, text = line.partition(b"~")
    return text if who == _SERVER else who + b": " + text
