"""Threads for slow work that people give us: one account occupies one of them at a time.

An address may be made to hang, a picture to take its time. Whoever has many of them would else hold up all others. And
many accounts together would: where work is quick unless something is wrong with it, as a request that is answered is,
those whose work has taken long recently, and those of whom nothing is known yet, get some of the threads only. Whose
work was quick so far may begin to hang, too, and many may at the same time: then there are more threads, up to a bound.
"""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar
from weakref import WeakValueDictionary

import gevent
from gevent.lock import BoundedSemaphore

from greenchat.server.thread_pool import Pool

T = TypeVar("T")

THREADS = 8
ASKING = 16  # where addresses are asked that somebody gave: most of them wait for an answer
DOUBTFUL = 8  # of these
_MORE = 4  # times as many threads, where those of quick ones hang
_LONG = 1.0  # seconds in which a thread of an account is done, unless something is wrong
_DOUBTED = 600.0  # seconds for which an account is slow after one that took longer
_MOST = 10_000  # accounts that are remembered


class FairPool:
    """A pool of threads."""

    def __init__(self, threads: int = THREADS, *, doubtful: int = 0, clock: Callable[[], float] = monotonic) -> None:
        """Make a pool.

        doubtful: threads that those get at most of whom nothing is known; half of them, those whose work took long.
        0: all, and there never are more.
        """
        self._pool = Pool(threads * _MORE if doubtful else threads)
        self._turns: WeakValueDictionary[str, BoundedSemaphore] = WeakValueDictionary()
        self._quick = BoundedSemaphore(threads)
        self._unknown = BoundedSemaphore(doubtful) if doubtful else self._quick
        self._slow = BoundedSemaphore(doubtful // 2 or 1) if doubtful else self._quick
        self._slow_until: dict[str, float] = {}  # of those who are known; in the past for who is quick
        self._clock = clock

    def do(self, owner: str, work: Callable[..., T], *words: object) -> T:
        """Do something in a thread for an account (its id), after what was started for it before. Waits."""
        turn = self._turns.setdefault(owner, BoundedSemaphore())
        with turn:
            lane = self._lane(owner)
            lane.acquire()
            may_hang = lane is self._quick and lane is not self._slow
            leaving = gevent.spawn_later(_LONG, lane.release) if may_hang else None
            try:
                return self._do(owner, work, words)
            finally:
                if leaving is None:
                    lane.release()
                elif not leaving.ready():
                    leaving.kill(block=False)
                    lane.release()

    def _lane(self, owner: str) -> BoundedSemaphore:
        until = self._slow_until.get(owner)
        if until is None:
            return self._unknown
        return self._slow if self._clock() < until else self._quick

    def _do(self, owner: str, work: Callable[..., T], words: tuple[object, ...]) -> T:
        took = 0.0

        def timed() -> T:
            nonlocal took
            began = self._clock()
            try:
                return work(*words)
            finally:
                took = self._clock() - began

        result: T = self._pool.apply(timed)
        if len(self._slow_until) >= _MOST:
            self._slow_until.clear()
        if took > _LONG:
            self._slow_until[owner] = self._clock() + _DOUBTED
        else:
            self._slow_until.setdefault(owner, 0.0)
        return result

    def close(self) -> None:
        """Wait until the work under way has ended."""
        self._pool.kill()
