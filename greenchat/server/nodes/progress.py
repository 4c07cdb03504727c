"""A node's position in the log."""

from gevent.event import Event


class Progress:
    """The entries and acts that a node has applied.

    known: the entry, and the number of its acts, that the store already has: a node that was killed applies them again.
    acts: applied ones of the current entry. caught_up: set at the entry that was the last when the node began to read.

    Changes: begin_entry, aim_at, look.
    """

    def __init__(self) -> None:
        self.known = (0, 0)
        self.acts = 0
        self.caught_up = Event()
        self._end = 0

    def begin_entry(self) -> None:
        """Begin the next entry."""
        self.acts = 0

    def is_known(self, position: int) -> bool:
        """Whether the store already has the writes of this entry's next act."""
        return (position, self.acts) < self.known

    def aim_at(self, end: int, position: int) -> None:
        """Note the number of the log's last entry. position: of the one that was applied last."""
        self._end = end
        self.look(position)

    def look(self, position: int) -> None:
        """Note that an entry was applied."""
        if position >= self._end:
            self.caught_up.set()
