"""Work that continues after its client has gone: step by step, each in a turn of its own."""

import logging
from collections.abc import Callable

import gevent

from greenchat.commands.catalog import continue_stream
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Streamed
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.turn import Turn

log = logging.getLogger(__name__)


class BackgroundWork:
    """The background work in progress; `len` returns how many pieces."""

    def __init__(self, turn: Turn, new_context: Callable[[], Context], now: Callable[[], int]) -> None:
        """Start without any work. new_context: makes a context of the server itself. now: ms since the epoch."""
        self._turn = turn
        self._new_context = new_context
        self._now = now
        self._under_way: set[gevent.Greenlet] = set()

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, work: Background) -> None:
        """Run the work in a greenlet of its own; this returns at once."""
        greenlet = gevent.spawn(self._carry_out, work)
        self._under_way.add(greenlet)
        greenlet.link(self._under_way.discard)

    def _carry_out(self, work: Background) -> None:
        ctx = self._new_context()
        continuation: Continuation | None = Streamed(work.steps(ctx))
        share = Share()
        try:
            while isinstance(continuation, Streamed):
                self._turn.begin()
                ctx.now = self._now()
                continuation = continue_stream(ctx, continuation)
                self._turn.schedule.yield_turn(share)
        except Exception:
            log.exception("a command's background task failed because of a bug")
