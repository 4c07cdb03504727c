"""What waits to be sent to one session in this turn. The server's outbox, which has a socket, is a subclass."""

from collections.abc import Callable, Iterable, Set
from typing import Self

_EACH = 512 * 1024  # bytes that one outbox may be given in a turn
_ALL = 32 * 1024 * 1024  # bytes that all together may: sending them takes some 30 ms
_LOOK_EVERY = 64 * 1024  # bytes that one outbox may have been given since the limits were last checked


class Dirty(list["Outbox"]):
    """All outboxes in which something waits in this turn, and an upper bound of how much.

    each: bytes that any one of them can have been given. volume: bytes that all have. Both are counted where something
    is put, per message and group, so that a member costs nothing. is_full: so much waits that it should be sent before
    more is said; `filled` is called once when that becomes true.
    """

    __slots__ = ("_look_at", "each", "filled", "is_full", "nowhere", "volume")

    def __init__(self, filled: Callable[[], object] = bool) -> None:
        super().__init__()
        self.filled = filled
        self.is_full = False
        self.nowhere: Dirty = _Nowhere(self)
        self.each = 0
        self.volume = 0
        self._look_at = _LOOK_EVERY

    def weigh(self, size: int, outboxes: int = 1) -> None:
        """Note that a message of so many bytes was put into so many outboxes; cut those that hold too much."""
        self.each += size
        self.volume += size * outboxes
        if self.each >= self._look_at or self.volume > _ALL:
            self._look()

    def _look(self) -> None:
        if self.each >= self._look_at:
            self._look_at = self.each + _LOOK_EVERY
            for outbox in self.copy():
                outbox.check()
        if not self.is_full and (self.each > _EACH or self.volume > _ALL):
            self.is_full = True
            self.filled()

    def take(self) -> "list[Outbox]":
        """Return all of them; the next turn begins with none."""
        outboxes = self.copy()
        self.clear()
        self.each = self.volume = 0
        self._look_at = _LOOK_EVERY
        self.is_full = False
        return outboxes


class _Nowhere(Dirty):
    """The marks of an outbox that has ended: it is never marked as dirty, but what is put there is still counted."""

    __slots__ = ("_dirty",)

    def __init__(self, dirty: Dirty) -> None:
        list.__init__(self)
        self.nowhere = self
        self._dirty = dirty

    def append(self, outbox: "Outbox", /) -> None:
        """Mark nothing."""

    def weigh(self, size: int, outboxes: int = 1) -> None:
        """Count as `Dirty.weigh` does."""
        self._dirty.weigh(size, outboxes)


class Outbox:
    """An ordered list of encoded messages, and a mark that there are any.

    Putting never waits. `dirty` is the turn's list of all outboxes in which something waits; an outbox enters it with
    the first message that it gets in a turn. sent_messages and sent_bytes: what has gone out so far, for STATS.
    """

    __slots__ = ("dirty", "pending", "sent_bytes", "sent_messages")

    def __init__(self, dirty: Dirty) -> None:
        self.dirty = dirty
        self.pending: list[bytes] = []
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
                self.dirty.append(self)
            self.pending.append(data)
            self.dirty.weigh(len(data))

    def flush(self) -> None:
        """Hand over what waits, at the end of the turn. This one has nobody to hand it to."""
        self.pending.clear()

    def check(self) -> None:
        """Cut the outbox if more waits than allowed. This one has no bound."""

    def retract(self, unseen: Set[int]) -> None:
        """Take back what was put in this turn: the bytes objects with these ids, not others that are equal."""
        self.pending[:] = [data for data in self.pending if id(data) not in unseen]

    def cut(self, reason: str) -> None:
        """Give up at once: what waits is forgotten. reason: for those who see the user quit."""
        self.pending.clear()

    def forget(self) -> None:
        """Drop what waits, and whatever is put from now on."""
        self.pending = _NOTHING
        self.dirty = self.dirty.nowhere

    def close(self, farewell: bytes = b"") -> None:
        """Send what waits and then this, and end the connection."""
        self.put(farewell)


class _Nothing(list[bytes]):
    """A queue that stores nothing. It is never empty, so that no outbox with it is marked as dirty."""

    __slots__ = ()

    def append(self, data: bytes, /) -> None:
        """Forget it."""

    def __iadd__(self, _: Iterable[bytes], /) -> Self:  # type: ignore[override, misc]  # for bytes alone
        """Forget it."""
        return self

    def clear(self) -> None:
        """Do nothing: there is nothing to clear."""

    def __setitem__(self, *_: object) -> None:
        """Do nothing: there is nothing to set."""

    def __delitem__(self, *_: object) -> None:
        """Do nothing: there is nothing to delete."""


_NOTHING: list[bytes] = _Nothing([b""])
