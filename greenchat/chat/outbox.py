"""What waits to be sent to one session in this turn. The server's outbox, which knows a socket, grows out of it."""

from collections.abc import Set


class Outbox:
    """An ordered list of encoded messages, and a mark that there are any.

    Putting never waits. `dirty` is the turn's list of all outboxes in which something waits; an outbox enters it with
    the first message that it gets in a turn. sent_messages and sent_bytes: what has gone out so far, for STATS.
    """

    __slots__ = ("dirty", "pending", "sent_bytes", "sent_messages")

    def __init__(self, dirty: list["Outbox"]) -> None:
        self.dirty = dirty
        self.pending: list[bytes] = []
        self.sent_messages = 0
        self.sent_bytes = 0

    @property
    def backlog(self) -> int:
        """Bytes that wait for a slow reader."""
        return 0

    def put(self, data: bytes) -> None:
        """Append one encoded message; an empty one is nothing."""
        if data:
            if not self.pending:
                self.dirty.append(self)
            self.pending.append(data)

    def flush(self) -> None:
        """At the end of the turn: hand over what waits. This one has nobody to hand it to."""
        self.pending.clear()

    def retract(self, unseen: Set[int]) -> None:
        """Take back what was put in this turn: the bytes objects with these ids, not others that are equal."""
        self.pending = [data for data in self.pending if id(data) not in unseen]

    def cut(self, reason: str) -> None:
        """Give up at once: what waits is forgotten. reason: for those who see them go."""
        self.pending.clear()

    def close(self, farewell: bytes = b"") -> None:
        """Nothing more is wanted: send what waits and then this, and end the connection."""
        self.put(farewell)
