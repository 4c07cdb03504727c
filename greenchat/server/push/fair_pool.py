"""Threads for requests to addresses that people name: one account occupies one of them at a time.

An address may be made to hang. Whoever names many such addresses would else hold up what is posted for all others.
"""

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

T = TypeVar("T")

THREADS = 8


class FairPool:
    """A pool of threads."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPool(threads)
        self._turns: WeakValueDictionary[str, BoundedSemaphore] = WeakValueDictionary()

    def do(self, owner: str, work: Callable[..., T], *words: object) -> T:
        """Do something in a thread for an account (its id), after what was begun for it before. Waits."""
        turn = self._turns.setdefault(owner, BoundedSemaphore())
        with turn:
            result: T = self._pool.apply(work, words)
            return result

    def close(self) -> None:
        """Let what has begun end. Waits."""
        self._pool.kill()
