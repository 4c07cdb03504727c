"""The messages to be sent to one session at the end of the turn. The server's outbox, with a socket, is a subclass."""

from collections.abc import Callable, Set
from typing import Protocol

_EACH = 512 * 1024  # bytes for one outbox in a turn
_ALL = 32 * 1024 * 1024  # bytes for all outboxes in a turn: sending them takes some 30 ms
_FEW = 16  # messages: to join them takes no longer than to find out whether that was done already
_LOOK_EVERY = 64 * 1024  # bytes for one outbox after which the limits are checked again
_LOOK_FOR_EACH = 1024  # bytes for each outbox, if there are many, since that takes time for each


class HoldingGroup(Protocol):
    """A group that has held messages back until `due`, a monotonic time."""

    due: float

    def release(self) -> int:
        """Put them into the outboxes now; return the number of sessions in the group."""


class Dirty:
    """The outboxes that must be flushed at the end of this turn (as dirty pages are), and an upper bound of their size.

    outboxes: each is added by its first message of the turn. largest: upper bound of the bytes in one of them. volume:
    bytes in all of them. is_full: whether so much waits that it should be sent before anything else; `filled` is called
    once when that becomes true. held: groups that have held messages back.

    A message to a group is counted once, as if all groups had the same members. When that bound is too high the
    outboxes are measured.

    Reads: join. Changes: count_bytes, count_bytes_of_one, take, release_all.
    """

    __slots__ = (
        "_check_at",
        "_fullest",
        "_had_others",
        "_joined",
        "_joined_pieces",
        "_largest_single",
        "_shared",
        "_single",
        "filled",
        "held",
        "is_full",
        "outboxes",
        "volume",
    )

    def __init__(self, filled: Callable[[], object] = bool) -> None:
        self.filled = filled
        self.is_full = False
        self.held: dict[HoldingGroup, None] = {}
        self.outboxes: list[Outbox] = []
        self.volume = 0
        self._fullest = 0  # bytes in the fullest outbox when they were measured
        self._shared = 0  # the same, plus the bytes of messages to groups since then
        self._single: dict[Outbox, int] = {}  # bytes of other messages since then, and their maximum
        self._largest_single = 0
        self._check_at = _LOOK_EVERY
        self._joined_pieces: list[bytes] = []  # the messages that were joined last, and the result
        self._joined = b""
        self._had_others = False  # whether the outbox before this one had other messages

    @property
    def largest(self) -> int:
        """Return an upper bound of the bytes in one outbox."""
        return self._shared + self._largest_single

    def count_bytes(self, size: int, outboxes: int) -> None:
        """Count a message of `size` bytes to so many outboxes; cut those that hold too much."""
        self._shared += size
        self.volume += size * outboxes
        if self._shared + self._largest_single >= self._check_at or self.volume > _ALL:
            self._check_limits()

    def count_bytes_of_one(self, outbox: "Outbox", size: int) -> None:
        """Count a message to a single outbox."""
        self._single[outbox] = given = self._single.get(outbox, 0) + size
        self.volume += size
        if given > self._largest_single:
            self._largest_single = given
        if self._shared + self._largest_single >= self._check_at or self.volume > _ALL:
            self._check_limits()

    def _check_limits(self) -> None:
        if self.largest >= self._check_at:
            rarely = min(self._fullest + _LOOK_FOR_EACH * len(self.outboxes), _EACH + 1)
            if self.largest < rarely:
                self._check_at = rarely
            else:
                self._measure()
        if not self.is_full and (self.largest > _EACH or self.volume > _ALL):
            self.is_full = True
            self.filled()

    def _measure(self) -> None:
        """Replace the bound by the size of the fullest outbox; cut those that hold too much."""
        self._shared = self._fullest = max([outbox.check() for outbox in self.outboxes.copy()], default=0)
        self._largest_single = 0
        self._single.clear()
        self._check_at = self._fullest + _LOOK_EVERY

    def join(self, pending: list[bytes]) -> bytes:
        """Return the pending messages of an outbox as one bytes object.

        Outboxes with the same messages, as those of most members of a channel, share one object. A single outbox with
        other messages (a speaker does not get its own) does not replace it.
        """
        if len(pending) < _FEW:
            return b"".join(pending)
        if pending == self._joined_pieces:
            self._had_others = False
            return self._joined
        joined = b"".join(pending)
        if self._joined_pieces and not self._had_others:
            self._had_others = True
        else:
            self._joined_pieces, self._joined, self._had_others = pending.copy(), joined, False
        return joined

    def release_all(self) -> None:
        """Put all messages that groups have held back into the outboxes."""
        for group in list(self.held):
            group.release()

    def take(self) -> "list[Outbox]":
        """Return all outboxes, and begin the next turn with none."""
        outboxes, self.outboxes = self.outboxes, []
        self._joined_pieces, self._joined = [], b""
        self._single.clear()
        self._fullest = self._shared = self._largest_single = self.volume = 0
        self._check_at = _LOOK_EVERY
        self.is_full = False
        return outboxes


class Outbox:
    """An ordered list of encoded messages.

    Putting never waits. dirty: the turn's. pending: the messages; it stays the same list. has_ended: nothing is sent
    any more, and messages are dropped at the end of the turn. sent_messages, sent_bytes: totals for STATS.
    """

    __slots__ = ("dirty", "has_ended", "pending", "sent_bytes", "sent_messages")

    is_local = True
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
            self.dirty.count_bytes_of_one(self, len(data))

    def put_lines(self, lines: list[bytes]) -> None:
        """Append several encoded messages, none of them empty."""
        if not self.pending:
            self.dirty.outboxes.append(self)
        self.pending += lines
        self.dirty.count_bytes_of_one(self, len(lines[0]) if len(lines) == 1 else sum(map(len, lines)))

    def flush(self) -> None:
        """Send the messages, at the end of the turn. This class has no socket to send them to."""
        self.pending.clear()

    def check(self) -> int:
        """Cut the outbox if it exceeds its limit; return the bytes of this turn. This class has no limit."""
        return sum(map(len, self.pending))

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


class RemoteOutbox(Outbox):
    """The outbox of a session on another node: it discards everything, since that node sends the messages."""

    __slots__ = ()

    is_local = False

    def __init__(self) -> None:
        super().__init__(_UNUSED)

    def put(self, data: bytes) -> None:
        """Discard the message."""

    def put_lines(self, lines: list[bytes]) -> None:
        """Discard the messages."""


_UNUSED = Dirty()
