"""The clock that tells the date may be set while the server runs, to the right time or to a wrong one.

What is promised for a while must not end or last for ever because of that, and what is thrown away is gone: so jumps
are noticed, by a clock that nobody can set, and a date decides about throwing away only when it has lasted.
"""

import time
from collections.abc import Callable

_JUMP = 5_000  # ms: less than that is drift, or a moment between two looks
_LASTING = 86_400_000  # ms after which a new date is believed


def steady() -> int:
    """Ms since the machine started, also while it slept where the system can tell."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


class Clock:
    """Compares the date (`now`, ms since the epoch) with the clock that nobody sets (ms).

    Reads: believed. Changes: jumped, which is to be called every second or so.
    """

    __slots__ = ("_believed", "_doubted", "_now", "_offset", "_steady")

    def __init__(self, now: Callable[[], int], steady: Callable[[], int] = steady) -> None:
        self._now = now
        self._steady = steady
        self._offset = self._believed = now() - steady()
        self._doubted = 0  # since when, by the steady clock

    def jumped(self) -> int:
        """By how many ms the date was set forward since this was asked last (back: less than 0), 0 if it was not."""
        present = self._steady()
        offset = self._now() - present
        jump, self._offset = offset - self._offset, offset
        if abs(jump) >= _JUMP:
            self._doubted = present
        if abs(offset - self._believed) < _JUMP or present - self._doubted >= _LASTING:
            self._believed = offset
        return jump if abs(jump) >= _JUMP else 0

    def believed(self) -> int:
        """The date, in ms since the epoch, as if no jump of the last day had been. From any thread."""
        return self._steady() + self._believed
