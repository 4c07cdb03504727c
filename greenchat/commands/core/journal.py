"""What handlers give to be kept, and where they read what was kept before."""

from collections.abc import Callable, Sequence
from typing import Protocol

from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.storage.interface import Store, StoredEvent, Write


class Journal(Protocol):
    """What is kept at the end of the turn, in one transaction, before anything is sent; and what was kept before."""

    @property
    def store(self) -> Store:
        """To read from; what this turn has said is not yet in it."""

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """One event, also one of this turn. Raises StoreError."""

    def say(self, writes: Sequence[Write], envelope: Envelope, refuse: Callable[[], None]) -> None:
        """Keep these before anybody sees it. If that fails nobody does, and `refuse` is called to tell its sender."""

    def record(self, *writes: Write) -> None:
        """Keep what has happened, in this turn's transaction, or if that fails in a later one."""
