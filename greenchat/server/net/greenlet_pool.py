"""A pool of greenlets: each serves a client while that has input, and then another one.

A greenlet takes 12 KiB, mostly for its deepest call so far. So an idle client has none.
"""

import logging
from collections.abc import Callable
from typing import Any

from gevent.hub import get_hub
from greenlet import GreenletExit, greenlet

log = logging.getLogger(__name__)

_SPARE = 32  # idle greenlets: making one takes as long as a plain message

Work = Callable[[], object]


class GreenletPool:
    """The greenlets of one server, made when they are needed."""

    __slots__ = ("_hub", "_idle")

    def __init__(self) -> None:
        self._hub: Any = get_hub()
        self._idle: list[greenlet] = []

    def do(self, work: Work) -> None:
        """Begin the work at once, until it waits for something. Only the loop may call it, not a greenlet."""
        worker = self._idle.pop() if self._idle else greenlet(self._serve, self._hub)
        worker.switch(work)

    def close(self) -> None:
        """End the idle greenlets."""
        while self._idle:
            worker = self._idle.pop()
            worker.parent = greenlet.getcurrent()  # so that it returns here when it waits, not to the loop
            worker.throw(GreenletExit)

    def _serve(self, work: Work) -> None:
        worker = greenlet.getcurrent()
        while True:
            try:
                work()
            except Exception:
                log.exception("a task failed because of a bug")
            if len(self._idle) >= _SPARE:
                return
            self._idle.append(worker)
            del work  # the work may keep a client that has gone in memory
            work = self._hub.switch()
