"""The log: all acts that change the state, in order. Independent of the kinds of acts and of gevent.

A single server needs no engine: `MemoryLog` passes each act on at once and stores none, and acts are applied in the
same turn. Several nodes share a log with the same interface (`server/nodes/`): there every node applies an act when it
reads it from the log.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

ActReader = Callable[[int, object], None]
"""Called with the position and the act, before it is applied."""


class Dated(Protocol):
    """An act with its time. now: when it was proposed, ms since the epoch."""

    @property
    def now(self) -> int: ...


class Log(Protocol):
    """Puts acts in order. position: of the last one, 0 before the first."""

    position: int

    @property
    def is_shared(self) -> bool:
        """Whether other nodes append to it too: then acts are applied by `decide` and `speak` only."""

    @property
    def is_read(self) -> bool:
        """Whether the acts have readers: if not, `pass_by` is sufficient."""

    def append(self, act: object) -> None:
        """Append an act; the caller applies it next. Not for a log that is shared."""

    def pass_by(self, acts: int = 1) -> None:
        """Count acts without readers. Not for a shared log."""

    def decide(self, act: Dated, apply: Callable[[int], T]) -> T:
        """Append an act, apply it when it is read from the log, and return the result; its exceptions are raised.

        apply: called with the act's time in the log. With a shared log this waits, and the state may change meanwhile.
        """

    def note(self, act: Dated, apply: Callable[[int], object]) -> None:
        """Append an act as `decide` does, without waiting for it."""

    def speak(self, speaker: Any, act: Dated, apply: Callable[[int], object]) -> None:
        """Append speech, without waiting; its speaker's session counts as `under_way` until it is applied."""

    def wait_until_applied(self, speaker: Any) -> None:
        """Wait until all pending acts of a session are applied."""

    def wait_until_known(self, is_known: Callable[[], bool]) -> None:
        """Wait, but not for long, until acts of other nodes have made a condition true."""

    def catch_up(self) -> None:
        """Wait, but not for long, until all acts that the log holds now are applied here.

        A client may use a name or a secret from one node at another one, which has not applied that act yet.
        """

    def find(self, look: Callable[[], T | None]) -> T | None:
        """Return what a function finds, after `catch_up` if need be; None if no node has it."""


class MemoryLog:
    """The log of a single server: its reader sees each act when it happens, and nothing is stored.

    before: called before each act, since what was said earlier may wait to be delivered.
    """

    __slots__ = ("_readers", "before", "is_read", "position")

    is_shared = False

    def __init__(self) -> None:
        self.position = 0
        self.is_read = False
        self.before: Callable[[], None] = lambda: None
        self._readers: list[ActReader] = []

    def read(self, reader: ActReader) -> None:
        """Pass every act from now on to a reader."""
        self._readers.append(reader)
        self.is_read = True

    def append(self, act: object) -> None:
        """Append an act."""
        self.before()
        self.position += 1
        for reader in self._readers:
            reader(self.position, act)

    def pass_by(self, acts: int = 1) -> None:
        """Count acts."""
        self.before()
        self.position += acts

    def decide(self, act: Dated, apply: Callable[[int], T]) -> T:
        """Append an act and apply it."""
        self.append(act)
        return apply(act.now)

    def note(self, act: Dated, apply: Callable[[int], object]) -> None:
        """Append an act and apply it."""
        self.append(act)
        apply(act.now)

    def speak(self, speaker: Any, act: Dated, apply: Callable[[int], object]) -> None:
        """Append an act and apply it."""
        self.note(act, apply)

    def wait_until_applied(self, speaker: Any) -> None:
        """Do nothing: everything is applied at once."""

    def wait_until_known(self, is_known: Callable[[], bool]) -> None:
        """Do nothing: there are no other nodes."""

    def catch_up(self) -> None:
        """Do nothing: there are no other nodes."""

    def find(self, look: Callable[[], T | None]) -> T | None:
        """Return what a function finds: there are no other nodes."""
        return look()
