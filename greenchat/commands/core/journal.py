"""The journal: where handlers write what is to be stored, and read what was stored before."""

from collections.abc import Callable, Sequence
from typing import Protocol

from greenchat.commands.core.utterance import Utterance
from greenchat.storage.interface import Store, StoredEvent, StoreWrite


class Encoded(Protocol):
    """A message on its way to its readers: an `Envelope`, or an `Utterance`."""

    @property
    def encodings(self) -> Sequence[bytes]:
        """Every bytes object that was made of it: to be retracted if it can't be stored."""


class Since:
    """The writes since a moment, for readers outside the loop: it grows as long as it is referenced."""

    __slots__ = ("__weakref__", "writes")

    def __init__(self) -> None:
        self.writes: list[StoreWrite] = []


class Journal(Protocol):
    """The writes of this turn, stored in one transaction before anything is sent, and all that was stored before."""

    @property
    def store(self) -> Store:
        """The store, with everything said until now in it, this turn's messages too.

        Ask for it again whenever you read: that stores this turn's writes.
        """

    def since(self) -> Since:
        """Return the writes from now on. Read it after asking for `store`, which makes it current."""

    def has_erased(self, conversation: str, event_id: int) -> bool:
        """Whether an event was erased recently: since it was read by somebody who is still sending it."""

    def secure(self, *writes: StoreWrite) -> None:
        """Store what must survive, before it is done and confirmed.

        Raises StoreError, and then nothing is stored: nothing may have changed by then, and the sender is told.
        """

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event, also one of this turn. Raises StoreError."""

    def say(self, writes: Sequence[StoreWrite], said: Encoded, refuse: Callable[[], None]) -> None:
        """Store these before anybody sees the message.

        If that fails nobody does, and `refuse` is called to tell its sender.
        """

    def speak(self, utterance: Utterance) -> None:
        """Store plain messages before anybody sees them, as `say` does."""

    def record(self, *writes: StoreWrite) -> None:
        """Store what has happened, in this turn's transaction, or if that fails in a later one."""
