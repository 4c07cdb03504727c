"""When to look at each connection next: a second without anything to look at costs nothing, however many are idle."""

from math import ceil

from greenchat.server.net.connection import Connection


class Rounds:
    """Connections by the second, of the monotonic clock, in which it is time to look at them.

    Reads: due. Changes: look_at, forget, hasten.
    """

    __slots__ = ("_rounds",)

    def __init__(self) -> None:
        self._rounds: dict[int, set[Connection]] = {}

    def look_at(self, connection: Connection, when: float) -> None:
        """Let a connection be due at a time, or less than a second later, and not at any other."""
        self.forget(connection)
        connection.due = ceil(when)
        self._rounds.setdefault(connection.due, set()).add(connection)

    def forget(self, connection: Connection) -> None:
        """Let a connection never be due."""
        others = self._rounds.get(connection.due)
        if others is not None:
            others.discard(connection)
            if not others:
                del self._rounds[connection.due]

    def hasten(self) -> None:
        """Let all be due at once: they may have less time than before."""
        everybody = set().union(*self._rounds.values())
        self._rounds = {0: everybody}
        for connection in everybody:
            connection.due = 0

    def due(self, now: float) -> set[Connection]:
        """Take out the connections that are due."""
        return set().union(*[self._rounds.pop(second) for second in sorted(self._rounds) if second <= now])
