"""Notices a closed or reset connection at once, even while it is not read.

A throttled client, or one that waits for a turn, is not read, so the end of its stream would be noticed only after all
its input. A second epoll watches only for that end (EPOLLRDHUP, see epoll_ctl(2)), at no cost for other clients. On
systems without epoll the end is noticed when it is read.
"""

import select
from collections.abc import Callable
from typing import Any

from gevent.hub import get_hub

_READ = 1  # the event mask of libev
_AT_ONCE = 1000  # ends reported by one call


class Hangups:
    """Calls a function in the loop when a connection ends, with whether it was reset (or else closed properly)."""

    __slots__ = ("_calls", "_epoll", "_watcher")

    def __init__(self) -> None:
        self._calls: dict[int, Callable[[bool], None]] = {}
        self._epoll: Any = None  # select.epoll, where there is one
        if hasattr(select, "epoll"):
            self._epoll = select.epoll()
            self._watcher: Any = get_hub().loop.io(self._epoll.fileno(), _READ)
            self._watcher.start(self._tell)

    def watch(self, descriptor: int, call: Callable[[bool], None]) -> None:
        """Call back when the other side of this socket ends."""
        if self._epoll is not None:
            self._calls[descriptor] = call
            self._epoll.register(descriptor, select.EPOLLRDHUP | select.EPOLLET)

    def forget(self, descriptor: int) -> None:
        """Stop watching a socket that is about to be closed."""
        if self._calls.pop(descriptor, None):
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Stop watching all sockets."""
        if self._epoll is not None:
            self._watcher.stop()
            self._watcher.close()
            self._epoll.close()
            self._calls.clear()
            self._epoll = None

    def _tell(self) -> None:
        for descriptor, event in self._epoll.poll(0, _AT_ONCE):
            call = self._calls.get(descriptor)
            if call:
                call(bool(event & select.EPOLLERR))
