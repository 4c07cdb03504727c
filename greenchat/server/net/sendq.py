"""What waits for all slow readers together."""

from typing import Protocol

OUT_OF_MEMORY = "The server is out of memory"


class SendQueue(Protocol):
    """An outbox in which something waits."""

    @property
    def backlog(self) -> int:
        """Bytes that the kernel has not taken yet."""

    def cut(self, reason: str) -> None:
        """Give up at once; what waited is forgotten."""


class SendQueues:
    """Counts what waits in all outboxes, and cuts those with the most of it while that is too much.

    limit: bytes; 0: none. What several outboxes share is counted for each, so the memory is less.
    """

    __slots__ = ("_waiting", "limit", "total")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._waiting: dict[SendQueue, int] = {}

    def changed(self, outbox: SendQueue, size: int) -> None:
        """So much waits in an outbox now."""
        before = self._waiting.pop(outbox, 0)
        self.total += size - before
        if size:
            self._waiting[outbox] = size
        while self.limit and self.total > self.limit:
            self._cut_most("Too much waits for slow readers")

    def relieve(self) -> None:
        """There is no memory left: give some of it back."""
        if self._waiting:
            self._cut_most(OUT_OF_MEMORY)

    def _cut_most(self, reason: str) -> None:
        max(self._waiting, key=self._waiting.__getitem__).cut(reason)
