"""Schedule of the next check of each connection.

A second without a due connection costs nothing, even with many idle ones.
"""

from math import ceil

from greenchat.server.net.connection import Connection


class TimerWheel:
    """Connections by the second of the monotonic clock in which they are due.

    Reads: due. Changes: look_at, forget, hasten.
    """

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: dict[int, set[Connection]] = {}

    def look_at(self, connection: Connection, when: float) -> None:
        """Make a connection due at this time, or less than a second later; an earlier date of it is dropped."""
        self.forget(connection)
        connection.due = ceil(when)
        self._slots.setdefault(connection.due, set()).add(connection)

    def forget(self, connection: Connection) -> None:
        """Remove a connection."""
        others = self._slots.get(connection.due)
        if others is not None:
            others.discard(connection)
            if not others:
                del self._slots[connection.due]

    def hasten(self) -> None:
        """Make all connections due now: their timeouts may have become shorter."""
        everybody = set().union(*self._slots.values())
        self._slots = {0: everybody}
        for connection in everybody:
            connection.due = 0

    def due(self, now: float) -> set[Connection]:
        """Remove and return the connections that are due."""
        return set().union(*[self._slots.pop(second) for second in sorted(self._slots) if second <= now])
