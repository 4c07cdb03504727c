"""Threads for slow work on behalf of users: one account occupies one thread at a time.

A webhook may hang, and a picture take long to decode: one account could delay all others. Many accounts together could,
too. Where work is normally fast, as with HTTP requests, accounts whose work took long recently, and accounts of which
nothing is known yet, therefore share a part of the threads. Accounts with fast work so far may begin to hang, too, and
many at the same time: then more threads are used, up to a limit.
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
ASKING = 16  # for requests to addresses that users gave: most of the threads wait for an answer
DOUBTFUL = 8  # of these
_MORE = 4  # times as many threads, if fast work begins to hang
_LONG = 1.0  # seconds in which work is done, unless something is wrong
_DOUBTED = 600.0  # seconds for which an account counts as slow after work that took longer
_MOST = 10_000  # accounts that are remembered


class FairPool:
    """A pool of threads."""

    def __init__(self, threads: int = THREADS, *, doubtful: int = 0, clock: Callable[[], float] = monotonic) -> None:
        """Make a pool.

        doubtful: threads for accounts of which nothing is known; slow accounts get half as many. 0: every account may
        use all threads, and there are never more.
        """
        self._pool = Pool(threads * _MORE if doubtful else threads)
        self._turns: WeakValueDictionary[str, BoundedSemaphore] = WeakValueDictionary()
        self._quick = BoundedSemaphore(threads)
        self._unknown = BoundedSemaphore(doubtful) if doubtful else self._quick
        self._slow = BoundedSemaphore(doubtful // 2 or 1) if doubtful else self._quick
        self._slow_until: dict[str, float] = {}  # by account; a past time means that its work is fast
        self._clock = clock

    def do(self, owner: str, work: Callable[..., T], *words: object) -> T:
        """Run work in a thread for an account (its id), after the account's earlier work. Waits."""
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
