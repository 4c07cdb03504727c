"""The send queues of all slow readers together, and of all clients whose connection ends."""

from time import monotonic
from typing import Protocol

OUT_OF_MEMORY = "The server is out of memory"
_SPARE = 8  # this part of the limit is made free at once


class SendQueue(Protocol):
    """An outbox in which something waits."""

    @property
    def backlog(self) -> int:
        """Bytes that the kernel has not taken yet."""

    def cut(self, reason: str) -> None:
        """Give up at once; what waited is dropped."""


class SendQueues:
    """Counts what waits in all outboxes, and cuts those with the most of it when that is too much.

    limit: bytes; 0: none. Messages shared by several outboxes count for each, so the memory is less.
    """

    __slots__ = ("_closing", "_is_cutting", "_waiting", "limit", "total")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._waiting: dict[SendQueue, int] = {}
        self._closing: dict[SendQueue, float] = {}  # since when, the longest first
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
        """Note that a connection ends as soon as its client has taken what waits."""
        self._closing[outbox] = monotonic()

    def closed(self, outbox: SendQueue) -> None:
        """Note that nothing is waiting."""
        self._closing.pop(outbox, None)

    def cut_late(self, since: float) -> None:
        """Cut those whose connection should have ended since then, in seconds of the monotonic clock."""
        for outbox in [outbox for outbox, begun in self._closing.items() if begun < since]:
            outbox.cut("Connection closed")

    def relieve(self) -> None:
        """Free some memory by cutting the slowest reader: the process has run out of memory."""
        if self._waiting:
            max(self._waiting, key=self._waiting.__getitem__).cut(OUT_OF_MEMORY)

    def _cut_down_to(self, goal: int) -> None:
        """Cut the slowest, until no more than that waits.

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
