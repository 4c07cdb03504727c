"""Changes since the last update of the search index, passed from the event loop's thread to the index's."""

import threading
from collections.abc import Iterable
from typing import NamedTuple


class Erased(NamedTuple):
    """A message that was erased from the database, as the index knew it."""

    conversation: int
    id: int
    text: str
    mask: str


class Changes:
    """Collects changes until the index takes them.

    In conversations that were not noted the index has all events up to `upto`, so it is complete up to there, but no
    further: a transaction's events are visible a moment before they are noted.

    events: the number of all events noted so far.
    """

    __slots__ = ("_erased", "_lock", "_touched", "_upto", "events")

    def __init__(self, touched: Iterable[int] = (), upto: int = 0) -> None:
        self._lock = threading.Lock()
        self._touched = set(touched)
        self._erased: list[Erased] = []
        self._upto = upto
        self.events = 0

    def note(self, touched: Iterable[int], upto: int, erased: Iterable[Erased] = (), events: int = 0) -> None:
        """Note a commit: the conversations it wrote to, its largest id, its erased messages, its number of events."""
        with self._lock:
            self.events += events
            self._touched.update(touched)
            self._erased.extend(erased)
            self._upto = max(self._upto, upto)

    @property
    def has_erased(self) -> bool:
        """Whether there are erased messages that the index has not taken."""
        return bool(self._erased)

    def take(self) -> tuple[set[int], int, list[Erased]]:
        """Return (conversations, id up to which they are complete, erased messages), and forget them."""
        with self._lock:
            taken = (self._touched, self._upto, self._erased)
            self._touched = set()
            self._erased = []
            return taken
