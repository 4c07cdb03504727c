"""What handlers give to be kept, and where they read what was kept before."""

from collections.abc import Callable, Sequence
from typing import Protocol

from greenchat.storage.interface import Store, StoredEvent, Write


class Encoded(Protocol):
    """A message on its way to its readers: an `Envelope`, or a `speech.Said`."""

    @property
    def encodings(self) -> Sequence[bytes]:
        """Every bytes object that was made of it: those to take back if it can't be kept."""


class Since:
    """The writes since a moment, for readers beside the loop: it grows as long as somebody holds it."""

    __slots__ = ("__weakref__", "writes")

    def __init__(self) -> None:
        self.writes: list[Write] = []


class Journal(Protocol):
    """The writes of this turn, kept in one transaction before anything is sent, and all that was kept before."""

    @property
    def store(self) -> Store:
        """To read from: all that was said until now is in it, what this turn has said too.

        Ask for it anew whenever you read: that is what has this turn's writes kept.
        """

    def since(self) -> Since:
        """Return the writes from now on. Look into it after asking for `store`: with that it is up to date."""

    def has_erased(self, conversation: str, event_id: int) -> bool:
        """Whether an event was taken back lately: since somebody read it who is still telling it."""

    def secure(self, *writes: Write) -> None:
        """Keep what must survive, now, before it is done and confirmed. Raises StoreError, and then nothing is kept:
        so nothing may have changed, and its sender is told."""

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event, also one of this turn. Raises StoreError."""

    def say(self, writes: Sequence[Write], said: Encoded, refuse: Callable[[], None]) -> None:
        """Keep these before anybody sees it. If that fails nobody does, and `refuse` is called to tell its sender."""

    def record(self, *writes: Write) -> None:
        """Keep what has happened, in this turn's transaction, or if that fails in a later one."""
