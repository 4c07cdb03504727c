"""One turn of gevent's loop: everything that was said in it is stored first, and only then sent.

Nothing is sent while handlers run. The first reader that has something to do asks for the end of the turn; the loop
calls it when every socket that was ready has been handled. Then (a) what was said is stored in one transaction, and
(b) each outbox in which something waits makes one send.
"""

import logging

from gevent.hub import get_hub

from ..chat.outbox import Outbox
from ..chat.user import Session
from ..protocol.envelope import Envelope

log = logging.getLogger(__name__)


class Turn:
    """The journal of what was said since the last end, and the outboxes that wait for the next."""

    __slots__ = ("_loop", "_planned", "dirty")

    def __init__(self) -> None:
        self.dirty: list[Outbox] = []
        self._loop = get_hub().loop
        self._planned = False

    def begin(self) -> None:
        """Whoever changes state or puts something into an outbox calls this first, so that there is an end."""
        if not self._planned:
            self._planned = True
            self._loop.run_callback(self.end)

    def say(self, envelope: Envelope, target: str, session: Session) -> None:
        """Remember what was said."""

    def end(self) -> None:
        """Store, then send. Runs in the loop itself: it must not wait, and no exception may leave it."""
        self._planned = False
        dirty = self.dirty.copy()
        self.dirty.clear()
        for outbox in dirty:
            try:
                outbox.flush()
            except Exception:
                log.exception("an outbox could not be flushed")
