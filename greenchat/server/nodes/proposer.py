"""Writes what a node's handlers propose into the log: one entry at a time, the next after the last has come back."""

from collections.abc import Callable
from time import process_time

from gevent.event import Event

from greenchat.server.nodes import entries
from greenchat.server.nodes.engine_line import EngineLine
from greenchat.server.nodes.log import NodeLog, Proposal

_ALIVE = 0.5  # seconds after which a node that has nothing to say says so
_BACK = 5.0  # seconds in which an entry that was written has to come back


class Proposer:
    """The entries of one incarnation. token: of it. log: where its handlers propose.

    Changes: take_back. Waits: run.
    """

    def __init__(self, token: str, log: NodeLog, line: EngineLine) -> None:
        self._token = token
        self._log = log
        self._line = line
        self._count = self._applied = 0
        self._sent: list[Proposal] = []
        self._come_back = Event()

    def run(self, position: Callable[[], int], is_here: Callable[[], bool], has_ended: Callable[[], bool]) -> None:
        """Write entries until the node has ended. position: of the entry that it has applied last.

        is_here: whether it is one of the nodes. Nobody applies an entry of one that is not, but what asks to come: so
        another entry would be waited for in vain.
        """
        while not has_ended():
            self._log.wait(_ALIVE)
            self._sent = self._log.take()
            if not self._sent and not is_here():
                continue
            self._count += 1
            entry = entries.pack(
                self._token,
                self._count,
                [each.text for each in self._sent],
                applied=position(),
                cpu=int(process_time() * 1000),
            )
            while self._applied < self._count and not has_ended():
                self._come_back.clear()
                if self._line.append(entry, f"{self._token}:{self._count}") and self._applied < self._count:
                    self._come_back.wait(_BACK)

    def take_back(self, entry: entries.LogEntry, apply: Callable[[list[Proposal]], None]) -> bool:
        """Apply the proposals of an entry that has come back; return whether it is the one on its way."""
        if entry.token != self._token or entry.count != self._count:
            return False
        apply(self._sent)
        self._applied = entry.count
        self._come_back.set()
        return True
