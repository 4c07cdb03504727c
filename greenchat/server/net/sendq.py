"""The send queues of all slow readers, and of all closing connections."""

from time import monotonic
from typing import Protocol

OUT_OF_MEMORY = "The server is out of memory"
_SPARE = 8  # cutting frees one part in so many of the limit


class SendQueue(Protocol):
    """An outbox with a backlog."""

    @property
    def backlog(self) -> int:
        """Return the number of bytes that the kernel has not taken yet."""

    def cut(self, reason: str) -> None:
        """Give up at once and drop the backlog."""


class SendQueues:
    """Adds up the backlogs of all outboxes, and cuts the largest when the sum exceeds a limit.

    limit: bytes; 0: none. Messages shared by several outboxes count for each, so the memory is less.
    """

    __slots__ = ("_closing", "_is_cutting", "_waiting", "limit", "total")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._waiting: dict[SendQueue, int] = {}
        self._closing: dict[SendQueue, float] = {}  # since when, the oldest first
        self._is_cutting = False

    def changed(self, outbox: SendQueue, size: int) -> None:
        """Note the size of an outbox's queue."""
        before = self._waiting.pop(outbox, 0)
        self.total += size - before
        if size:
            self._waiting[outbox] = size
        if self.limit and self.total > self.limit and not self._is_cutting:
            self._cut_down_to(self.limit - self.limit // _SPARE)

    def closing(self, outbox: SendQueue) -> None:
        """Note that a connection will end once its client has read the backlog."""
        self._closing[outbox] = monotonic()

    def closed(self, outbox: SendQueue) -> None:
        """Note that nothing is waiting."""
        self._closing.pop(outbox, None)

    def cut_late(self, since: float) -> None:
        """Cut the outboxes that have been closing since then, in seconds of the monotonic clock."""
        for outbox in [outbox for outbox, begun in self._closing.items() if begun < since]:
            outbox.cut("Connection closed")

    def relieve(self) -> None:
        """Free some memory by cutting the slowest reader: the process has run out of memory."""
        if self._waiting:
            max(self._waiting, key=self._waiting.__getitem__).cut(OUT_OF_MEMORY)

    def _cut_down_to(self, goal: int) -> None:
        """Cut the slowest readers, until no more than `goal` bytes wait.

        The goal is below the limit, since each search takes time proportional to the number of slow readers.
        """
        self._is_cutting = True
        try:
            for outbox in sorted(self._waiting, key=self._waiting.__getitem__, reverse=True):
                if self.total <= goal:
                    break
                outbox.cut("The send queues are full")
        finally:
            self._is_cutting = False
