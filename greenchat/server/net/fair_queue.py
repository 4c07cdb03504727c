"""A fair queue: under load, connections that have used little time go before those that have used much.

Start-time fair queueing (Goyal, Vin, Cheng 1996, https://doi.org/10.1145/248157.248171), for the time of one thread:
connections are served in the order of the time they have used. Virtual time advances with each served connection. A
silent connection saves up a little of it, so that a connection with rare input never waits for busy ones, however many
there are.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Wake = Callable[[], object]

_SAVED = 0.005  # seconds of virtual time that a silent connection is ahead of the others
_NEWCOMER_COST = 4  # a newcomer's time counts four times
_NEWCOMER_LAG = 0.005  # seconds of virtual time by which registered clients go before newcomers


class Share:
    """The share that one connection has had: `until` is virtual time, in seconds. is_newcomer: others go first."""

    __slots__ = ("is_newcomer", "until")

    def __init__(self, *, is_newcomer: bool = False) -> None:
        self.until = 0.0
        self.is_newcomer = is_newcomer


class FairQueue:
    """A queue of waiting connections, as calls that let them continue.

    Reads: len(), is_newcomers_turn. Changes: push, pop, charge.
    """

    __slots__ = ("_heap", "_order", "_virtual")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Share, Wake]] = []
        self._order = count()  # equal shares go first in, first out
        self._virtual = 0.0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def is_newcomers_turn(self) -> bool:
        """Whether the next one is a newcomer; the queue must not be empty."""
        return self._heap[0][2].is_newcomer

    def push(self, share: Share, wake: Wake) -> None:
        """Add a waiting connection."""
        if share.is_newcomer:
            start = max(share.until, self._virtual) + _NEWCOMER_LAG
        else:
            start = share.until = max(share.until, self._virtual - _SAVED)
        heappush(self._heap, (start, next(self._order), share, wake))

    def pop(self) -> tuple[Share, Wake]:
        """Return the connection that goes next; there must be one."""
        start, _, share, wake = heappop(self._heap)
        self._virtual = max(self._virtual, start)
        return share, wake

    def charge(self, share: Share, seconds: float) -> None:
        """Charge a connection for the time that it used; call it before the connection waits again."""
        if share.is_newcomer:
            share.until = max(share.until, self._virtual) + seconds * _NEWCOMER_COST
        else:
            share.until = max(share.until, self._virtual - _SAVED) + seconds
