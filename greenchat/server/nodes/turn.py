"""The turn of a node: its messages are in the log, and other nodes show them, so that none can be refused any more.

Each transaction includes the position in the log. Writes that the store already has are skipped while a node applies a
part of the log again. If the store fails the node continues in memory for a while, and then restarts, see `NodeMember`.

A node that gives up its state stores nothing more: what it applies while its clients leave is not in the log, and
might have the id of an event of the log, which would then be missing here.
"""

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from greenchat.commands.core.journal import Encoded
from greenchat.commands.core.utterance import Utterance
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.turn import Refusable, Turn
from greenchat.storage.interface import Document, InvalidWriteError, Store, StoreError, StoreWrite

log = logging.getLogger(__name__)


class NodeTurn(Turn):
    """A node's turn.

    is_known: whether the store has the current writes already. has_ended: whether the state is given up, so that
    further writes are discarded. failing_since: by the monotonic clock, 0.0 if the store works. mark: returns the
    position's document. notifies_observers: whether this node reports stored events, for pushes and webhooks.
    """

    __slots__ = ("failing_since", "has_ended", "is_known", "mark", "notifies_observers")

    def __init__(self, store: Store, send_queues: SendQueues, mark: Callable[[], Document]) -> None:
        super().__init__(store, send_queues)
        self.is_known = self.has_ended = False
        self.failing_since = 0.0
        self.mark = mark
        self.notifies_observers: Callable[[], bool] = lambda: False

    def store_message(self, writes: Sequence[StoreWrite], message: Encoded, refuse: Callable[[], None]) -> None:
        """Store writes that are not stored yet."""
        if not (self.is_known or self.has_ended):
            self._writes += writes

    def store_utterance(self, utterance: Utterance) -> None:
        """Store plain messages that are not stored yet."""
        if not (self.is_known or self.has_ended):
            self._writes.append(utterance)

    def record(self, *writes: StoreWrite) -> None:
        """Store writes that are not stored yet."""
        if not (self.is_known or self.has_ended):
            self._writes += writes

    def secure(self, *writes: StoreWrite) -> None:
        """Store writes that are not stored yet: nothing can be refused any more."""
        self.record(*writes)

    def commit_position(self) -> bool:
        """Store pending writes, and the position in any case; return whether that worked."""
        return self._commit() is None

    def _commit(self) -> Exception | None:
        self._writes.append(self.mark())
        error = super()._commit()
        if error is None:
            self.failing_since = 0.0
        return error

    def _give_up(
        self, error: Exception, writes: list[StoreWrite], to_retry: list[StoreWrite], refusable: list[Refusable]
    ) -> int:
        """Keep all writes for the next turn, except for those that can never be stored. Nothing is refused."""
        if not isinstance(error, InvalidWriteError):
            self._writes = writes
            self.failing_since = self.failing_since or monotonic()
            return 0
        for write in writes:
            try:
                self._store.commit([write])
            except InvalidWriteError:
                log.exception("this is not stored: %.200r", write)
            except StoreError:
                self._writes.append(write)
        return 0

    def _notify_observers(self, writes: Sequence[StoreWrite]) -> None:
        if self.notifies_observers():
            super()._notify_observers(writes)
