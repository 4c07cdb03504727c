"""The journal: for handlers to store events and to read the history."""

from collections.abc import Callable, Sequence
from typing import Protocol

from greenchat.commands.core.utterance import Utterance
from greenchat.storage.interface import Store, StoredEvent, StoreWrite


class Encoded(Protocol):
    """A message with its encodings: an `Envelope`, or an `Utterance`."""

    @property
    def encodings(self) -> Sequence[bytes]:
        """Return all encodings made so far, for retracting the message if it can't be stored."""


class LaterWrites:
    """All writes since its creation, for readers outside the loop: the list grows as long as this is referenced."""

    __slots__ = ("__weakref__", "writes")

    def __init__(self) -> None:
        self.writes: list[StoreWrite] = []


class Journal(Protocol):
    """The writes of this turn, stored in one transaction before anything is sent, and the store."""

    @property
    def store(self) -> Store:
        """The store, with everything said until now in it, this turn's messages too.

        Ask for it again whenever you read: that stores this turn's writes.
        """

    def later_writes(self) -> LaterWrites:
        """Return the writes from now on. Read it after asking for `store`, which makes it current."""

    def has_erased(self, conversation: str, event_id: int) -> bool:
        """Whether an event was erased recently, so that a long answer in progress must skip it."""

    def secure(self, *writes: StoreWrite) -> None:
        """Store changes that must survive, before they are made and confirmed.

        Raises StoreError if nothing was stored. No state may have changed before this call; the sender gets an error.
        """

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event, also one of this turn. Raises StoreError."""

    def store_message(self, writes: Sequence[StoreWrite], message: Encoded, refuse: Callable[[], None]) -> None:
        """Store writes before anybody sees the message.

        If that fails nobody sees it, and `refuse` is called, which tells the sender.
        """

    def store_utterance(self, utterance: Utterance) -> None:
        """Store plain messages before anybody sees them, as `store_message` does."""

    def record(self, *writes: StoreWrite) -> None:
        """Store events in this turn's transaction, or if that fails in a later one."""
