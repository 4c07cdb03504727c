"""The system clock may be set while the server runs, rightly or wrongly.

A ban must not end early or last for ever because of that, and deleted data can't be restored. So jumps are detected
with a monotonic clock, and nothing is deleted because of its date until the new date has lasted for a day.
"""

import time
from collections.abc import Callable

_JUMP = 5_000  # ms: less is drift, or a delay between two readings
_TRIES = 10  # of a measurement; after that the thread is interrupted all the time, and the last one has to do
_LASTING = 86_400_000  # ms after which a new date is trusted


def steady() -> int:
    """Return ms since the machine started, including sleep if the system counts it."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


class Clock:
    """Compares the date (`now`, ms since the epoch) with the monotonic clock (ms).

    Reads: believed. Changes: jumped, to be called every second or so.
    """

    __slots__ = ("_believed", "_doubted", "_now", "_offset", "_steady")

    def __init__(self, now: Callable[[], int], steady: Callable[[], int] = steady) -> None:
        self._now = now
        self._steady = steady
        _, self._offset = self._measure()
        self._believed = self._offset
        self._doubted = 0  # since when, by the monotonic clock

    def jumped(self) -> int:
        """Return by how many ms the date was set forward since the last call (back: negative), 0 if it was not."""
        present, offset = self._measure()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) >= _JUMP:
            self._doubted = present
        if abs(offset - self._believed) < _JUMP or present - self._doubted >= _LASTING:
            self._believed = offset
        return jump if abs(jump) >= _JUMP else 0

    def _measure(self) -> tuple[int, int]:
        """Return the monotonic time and how much the date is ahead of it, in ms.

        Both are read again if the thread was interrupted between them, which would look like a jump.
        """
        for _ in range(_TRIES):
            before = self._steady()
            now = self._now()
            if self._steady() - before <= 1:
                break
        return before, now - before

    def believed(self) -> int:
        """Return the date, in ms since the epoch, without any jump of the last day. From any thread."""
        return self._steady() + self._believed
