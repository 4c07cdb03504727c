"""Threads for slow work, and the queue for them.

Users who are logged in go before guests, and these before unregistered clients; within a rank the addresses take turns.
So nobody's searches delay those of others.
"""

import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

from gevent.event import Event

from greenchat.chat.user import Session
from greenchat.commands.core.deferred import Deferred
from greenchat.server.thread_pool import Pool
from greenchat.values.addresses import netblock

T = TypeVar("T")

_WORKERS = 2  # further slow work waits, while the chat continues
_MESSENGERS = 2
_PAUSE = 0.05  # seconds after which blocked work tries again
_EXTERNAL = 8  # concurrent password checks by external services
_ONE_IN = 8  # one in so many is taken from the lowest rank, so that nobody waits for ever


class Rank(IntEnum):
    """The rank of a piece of work in the queue."""

    ACCOUNT = 0
    GUEST = 1
    STRANGER = 2


def rank_of(session: Session) -> Rank:
    """Return a client's current rank."""
    if session.user is None:
        return Rank.STRANGER
    return Rank.ACCOUNT if session.user.account else Rank.GUEST


class _RankQueue:
    """The queue of one rank, by address; each address in turn."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Event]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def push(self, address: str, waiter: Event) -> None:
        self._waiting.setdefault(address, deque()).append(waiter)

    def pop(self) -> Event:
        address = next(iter(self._waiting))
        waiters = self._waiting.pop(address)
        waiter = waiters.popleft()
        if waiters:
            self._waiting[address] = waiters  # at the end: the others come first
        return waiter

    def remove(self, address: str, waiter: Event) -> None:
        waiters = self._waiting[address]
        waiters.remove(waiter)
        if not waiters:
            del self._waiting[address]


class Workers:
    """A fixed number of threads. A greenlet waits for the result of its work."""

    def __init__(self, size: int) -> None:
        self._pool = Pool(size, begun=True)
        self._free = size
        self._lines = {rank: _RankQueue() for rank in Rank}
        self._served = 0

    def apply(self, work: Callable[[], T], rank: Rank, address: str) -> T:
        """Run the work in a thread when it is this address's turn, and return its result. Waits."""
        if self._free:
            self._free -= 1
        else:
            self._wait(rank, address)
        try:
            result: T = self._pool.apply(work)
            return result
        finally:
            self._hand_on()

    def kill(self) -> None:
        """Let the threads finish their work."""
        self._pool.kill()

    def _wait(self, rank: Rank, address: str) -> None:
        waiter = Event()
        self._lines[rank].push(address, waiter)
        try:
            waiter.wait()
        except BaseException:
            if waiter.is_set():
                self._hand_on()
            else:
                self._lines[rank].remove(address, waiter)
            raise

    def _hand_on(self) -> None:
        """Pass the free thread to the next in the queue."""
        self._served += 1
        ranks = list(Rank) if self._served % _ONE_IN else list(reversed(Rank))
        for rank in ranks:
            if self._lines[rank]:
                self._lines[rank].pop().set()
                return
        self._free += 1


def _pause(work: Callable[[], T]) -> T:
    """Run work after a pause, in a thread, so that the number of threads limits how often blocked work tries again."""
    time.sleep(_PAUSE)
    return work()


class Threads:
    """All threads that commands use.

    `workers` are for searches and the history; one thread is for passwords, so that a login need not wait for a search;
    `messengers` are for work that waits for other servers; the rest is for programs and directories that check
    passwords.
    """

    def __init__(self) -> None:
        self.workers = Workers(_WORKERS)
        self._hashers = Workers(1)
        self._external = Workers(_EXTERNAL)
        self._messengers = Pool(_MESSENGERS, begun=True)

    def do(self, slow: Deferred, session: Session) -> object:
        """Run the slow part of a session's command when it is its turn, and return its result. Waits."""
        if slow.waits:
            return self._messengers.apply(slow.work)
        address = netblock(session.host)
        if slow.pauses:
            return self._external.apply(lambda: _pause(slow.work), Rank.GUEST, address)
        if slow.external:
            return self._external.apply(slow.work, Rank.GUEST, address)
        if slow.hashes:  # so that a login does not wait for clients that log in again and again
            return self._hashers.apply(slow.work, Rank.GUEST, address)
        return self.workers.apply(slow.work, rank_of(session), address)

    def kill(self) -> None:
        """Let the threads that use the store finish their work. Waits."""
        self.workers.kill()
        self._hashers.kill()

    def kill_messengers(self) -> None:
        """Let the threads that wait for other servers finish. Waits."""
        self._messengers.kill()
        self._external.kill()
