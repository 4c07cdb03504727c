"""The messages to be sent to one session at the end of the turn. The server's outbox, with a socket, is a subclass."""

from collections.abc import Callable, Set

_EACH = 512 * 1024  # bytes for one outbox in a turn
_ALL = 32 * 1024 * 1024  # bytes for all outboxes in a turn: sending them takes some 30 ms
_FEW = 16  # messages: to join them takes no longer than to find out whether that was done already
_LOOK_EVERY = 64 * 1024  # bytes for one outbox after which the limits are checked again


class Dirty:
    """All outboxes with messages of this turn, and an upper bound of their size.

    outboxes: each is added by its first message of the turn. each: upper bound of the bytes in one of them. volume:
    bytes in all of them. A message to a group is counted once, not for each member. is_full: whether so much waits that
    it should be sent before anything else; `filled` is called once when that becomes true.

    Reads: join. Changes: weigh, weigh_one, take.
    """

    __slots__ = (
        "_alone",
        "_had_others",
        "_joined",
        "_look_at",
        "_most",
        "_pieces",
        "_shared",
        "filled",
        "is_full",
        "outboxes",
        "volume",
    )

    def __init__(self, filled: Callable[[], object] = bool) -> None:
        self.filled = filled
        self.is_full = False
        self.outboxes: list[Outbox] = []
        self.volume = 0
        self._shared = 0  # bytes of messages to groups
        self._alone: dict[Outbox, int] = {}  # bytes of other messages, and their maximum
        self._most = 0
        self._look_at = _LOOK_EVERY
        self._pieces: list[bytes] = []  # joined lately, and what became of them
        self._joined = b""
        self._had_others = False  # whether the outbox before this one had others

    @property
    def each(self) -> int:
        """Return an upper bound of the bytes in one outbox."""
        return self._shared + self._most

    def weigh(self, size: int, outboxes: int) -> None:
        """Count a message of `size` bytes to so many outboxes; cut those that hold too much."""
        self._shared += size
        self.volume += size * outboxes
        if self._shared + self._most >= self._look_at or self.volume > _ALL:
            self._look()

    def weigh_one(self, outbox: "Outbox", size: int) -> None:
        """Count a message to a single outbox."""
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

    def join(self, pending: list[bytes]) -> bytes:
        """Return what waits in an outbox as one: joined once for all that have the same, as most members of a channel.

        One that has others (it has not got what it has said itself) does not make the next ones be joined again.
        """
        if len(pending) < _FEW:
            return b"".join(pending)
        if pending == self._pieces:
            self._had_others = False
            return self._joined
        joined = b"".join(pending)
        if self._pieces and not self._had_others:
            self._had_others = True
        else:
            self._pieces, self._joined, self._had_others = pending.copy(), joined, False
        return joined

    def take(self) -> "list[Outbox]":
        """Return all outboxes, and begin the next turn with none."""
        outboxes, self.outboxes = self.outboxes, []
        self._pieces, self._joined = [], b""
        self._alone.clear()
        self._shared = self._most = self.volume = 0
        self._look_at = _LOOK_EVERY
        self.is_full = False
        return outboxes


class Outbox:
    """An ordered list of encoded messages.

    Putting never waits. dirty: the turn's. pending: the messages; it stays the same list. has_ended: nothing is sent
    any more, and messages are dropped at the end of the turn. sent_messages, sent_bytes: totals for STATS.
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
        """Return the bytes that wait for a slow reader."""
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
        """Send the messages, at the end of the turn. This class has no socket to send them to."""
        self.pending.clear()

    def check(self) -> None:
        """Cut the outbox if it exceeds its limit. This class has none."""

    def retract(self, unseen: Set[int]) -> None:
        """Remove messages of this turn: the bytes objects with these ids, not equal ones."""
        self.pending[:] = [data for data in self.pending if id(data) not in unseen]

    def cut(self, reason: str) -> None:
        """Abort and discard the queue. reason: for the QUIT that others see."""
        self.pending.clear()

    def forget(self) -> None:
        """Drop the queue, and all later messages."""
        self.pending.clear()
        self.has_ended = True

    def close(self, farewell: bytes = b"") -> None:
        """Send the queue and then the farewell, and end the connection."""
        self.put(farewell)


class Elsewhere(Outbox):
    """The outbox of a session on another node: it discards everything, since that node sends the messages."""

    __slots__ = ()

    is_here = False

    def __init__(self) -> None:
        super().__init__(_UNHEARD)

    def put(self, data: bytes) -> None:
        """Discard the message."""

    def put_lines(self, lines: list[bytes]) -> None:
        """Discard the messages."""


_UNHEARD = Dirty()
