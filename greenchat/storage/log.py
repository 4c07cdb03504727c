"""The log: every act that changes the state, in one order. Nothing here knows what an act is, or gevent.

A single server needs no engine for it: `MemoryLog` passes each act on at once and stores none. Several nodes that form
one server would share a log behind the same few methods.
"""

from collections.abc import Callable
from typing import Protocol

Reader = Callable[[int, object], None]
"""Called with the position and the act, before it is applied."""


class Log(Protocol):
    """Puts acts in order. position: of the last one, 0 before the first."""

    position: int

    @property
    def is_read(self) -> bool:
        """Whether anybody reads the acts: if not, `pass_by` is enough."""

    def append(self, act: object) -> None:
        """Append an act; the caller applies it next."""

    def pass_by(self) -> None:
        """Count an act that nobody reads."""


class MemoryLog:
    """The log of a single server: its reader sees each act when it happens, and nothing is stored."""

    __slots__ = ("_readers", "position")

    def __init__(self) -> None:
        self.position = 0
        self._readers: list[Reader] = []

    @property
    def is_read(self) -> bool:
        """Whether anybody reads the acts."""
        return bool(self._readers)

    def read(self, reader: Reader) -> None:
        """Pass every act from now on to a reader."""
        self._readers.append(reader)

    def append(self, act: object) -> None:
        """Append an act."""
        self.position += 1
        for reader in self._readers:
            reader(self.position, act)

    def pass_by(self) -> None:
        """Count an act that nobody reads."""
        self.position += 1
