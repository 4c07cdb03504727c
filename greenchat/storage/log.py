"""The log: every act that changes the state, in its one order. Nothing here knows what an act is, or gevent.

A server of its own needs no engine for it: `MemoryLog` hands each act on at once and keeps none. Several nodes that are
one server would share a log of an engine's, behind the same few methods.
"""

from collections.abc import Callable
from typing import Protocol

Reader = Callable[[int, object], None]
"""Called with the position and the act, before it is applied."""


class Log(Protocol):
    """A log that puts acts in order. position: of the last one, 0 before the first."""

    position: int

    @property
    def is_read(self) -> bool:
        """Whether anybody wants to see the acts: if not, `pass_by` is enough."""

    def append(self, act: object) -> None:
        """Put an act behind all others; whoever appends applies it next."""

    def pass_by(self) -> None:
        """An act that nobody wants to see: it only counts."""


class MemoryLog:
    """The log of a server of its own: whoever reads it sees each act when it happens, and nothing is kept."""

    __slots__ = ("_readers", "position")

    def __init__(self) -> None:
        self.position = 0
        self._readers: list[Reader] = []

    @property
    def is_read(self) -> bool:
        """Whether anybody wants to see the acts."""
        return bool(self._readers)

    def read(self, reader: Reader) -> None:
        """Let somebody see every act from now on."""
        self._readers.append(reader)

    def append(self, act: object) -> None:
        """Put an act behind all others."""
        self.position += 1
        for reader in self._readers:
            reader(self.position, act)

    def pass_by(self) -> None:
        """An act that nobody wants to see."""
        self.position += 1
