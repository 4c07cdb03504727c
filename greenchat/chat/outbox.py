"""The messages to be sent to one session at the end of the turn. The server's outbox, with a socket, is a subclass."""

from collections.abc import Callable, Set

_EACH = 512 * 1024  # bytes that one outbox may be given in a turn
_ALL = 32 * 1024 * 1024  # bytes that all together may: sending them takes some 30 ms
_LOOK_EVERY = 64 * 1024  # bytes that one outbox may have been given since the limits were last checked


class Dirty:
    """All outboxes in which something waits in this turn, and an upper bound of how much.

    outboxes: each enters with the first message that it gets in the turn. each: bytes that any one of them can have
    been given. volume: bytes that all have. What many get is counted once per message and group, so that a member costs
    nothing. is_full: so much waits that it should be sent before more is said; `filled` is called once when that
    becomes true.

    Changes: weigh, weigh_one, take.
    """

    __slots__ = ("_alone", "_look_at", "_most", "_shared", "filled", "is_full", "outboxes", "volume")

    def __init__(self, filled: Callable[[], object] = bool) -> None:
        self.filled = filled
        self.is_full = False
        self.outboxes: list[Outbox] = []
        self.volume = 0
        self._shared = 0  # bytes that many were given
        self._alone: dict[Outbox, int] = {}  # what one was given alone, and the most of that
        self._most = 0
        self._look_at = _LOOK_EVERY

    @property
    def each(self) -> int:
        """The bytes that any one outbox can have been given."""
        return self._shared + self._most

    def weigh(self, size: int, outboxes: int) -> None:
        """Note that a message of so many bytes was put into so many outboxes; cut those that hold too much."""
        self._shared += size
        self.volume += size * outboxes
        if self._shared + self._most >= self._look_at or self.volume > _ALL:
            self._look()

    def weigh_one(self, outbox: "Outbox", size: int) -> None:
        """Note the same of what was put into one only."""
        self._alone[outbox] = given = self._alone.get(outbox, 0) + size
        self.volume += size
        if given > self._most:
            self._most = given
        if self._shared + self._most >= self._look_at or self.volume > _ALL:
            self._look()

    def _look(self) -> None:
        each = self.each
        if each >= self._look_at:
            self._look_at = each + _LOOK_EVERY
            for outbox in self.outboxes.copy():
                outbox.check()
        if not self.is_full and (each > _EACH or self.volume > _ALL):
            self.is_full = True
            self.filled()

    def take(self) -> "list[Outbox]":
        """Return all of them; the next turn begins with none."""
        outboxes, self.outboxes = self.outboxes, []
        self._alone.clear()
        self._shared = self._most = self.volume = 0
        self._look_at = _LOOK_EVERY
        self.is_full = False
        return outboxes


class Outbox:
    """An ordered list of encoded messages, and a mark that there are any.

    Putting never waits. dirty: of the turn. pending: what was put; it stays the same list. has_ended: nothing goes out
    any more, and what is put is dropped at the end of the turn. sent_messages and sent_bytes: what has gone out so far,
    for STATS.
    """

    __slots__ = ("dirty", "has_ended", "pending", "sent_bytes", "sent_messages")

    is_here = True
    """Whether its session is connected to this process."""

    def __init__(self, dirty: Dirty) -> None:
        self.dirty = dirty
        self.pending: list[bytes] = []
        self.has_ended = False
        self.sent_messages = 0
        self.sent_bytes = 0

    @property
    def backlog(self) -> int:
        """Bytes that wait for a slow reader."""
        return 0

    def put(self, data: bytes) -> None:
        """Append one encoded message; an empty one is ignored."""
        if data:
            if not self.pending:
                self.dirty.outboxes.append(self)
            self.pending.append(data)
            self.dirty.weigh_one(self, len(data))

    def put_lines(self, lines: list[bytes]) -> None:
        """Append several encoded messages, none of them empty."""
        if not self.pending:
            self.dirty.outboxes.append(self)
        self.pending += lines
        self.dirty.weigh_one(self, len(lines[0]) if len(lines) == 1 else sum(map(len, lines)))

    def flush(self) -> None:
        """Hand over what waits, at the end of the turn. This one has nobody to hand it to."""
        self.pending.clear()

    def check(self) -> None:
        """Cut the outbox if more waits than allowed. This one has no bound."""

    def retract(self, unseen: Set[int]) -> None:
        """Take back what was put in this turn: the bytes objects with these ids, not others that are equal."""
        self.pending[:] = [data for data in self.pending if id(data) not in unseen]

    def cut(self, reason: str) -> None:
        """Abort: discard what is queued. reason: for those who see the user quit."""
        self.pending.clear()

    def forget(self) -> None:
        """Drop what waits, and whatever is put from now on."""
        self.pending.clear()
        self.has_ended = True

    def close(self, farewell: bytes = b"") -> None:
        """Send what waits and then this, and end the connection."""
        self.put(farewell)


class Elsewhere(Outbox):
    """The outbox of a session that is connected to another node, which sends it the same."""

    __slots__ = ()

    is_here = False

    def __init__(self) -> None:
        super().__init__(_UNHEARD)

    def put(self, data: bytes) -> None:
        """Forget it."""

    def put_lines(self, lines: list[bytes]) -> None:
        """Forget them."""


_UNHEARD = Dirty()
