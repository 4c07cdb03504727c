"""Writes proposals of a node's handlers into the log: one entry at a time, the next after the last was read back."""

from collections.abc import Callable
from time import process_time

from gevent.event import Event

from greenchat.server.nodes import entries
from greenchat.server.nodes.engine_line import EngineLine
from greenchat.server.nodes.log import NodeLog, Proposal

_ALIVE = 0.5  # seconds after which a node that has nothing to say says so
_BACK = 5.0  # seconds for a written entry to be read back


class Proposer:
    """The entries of one incarnation. token: its token. log: with the handlers' proposals.

    Changes: confirm. Waits: run.
    """

    def __init__(self, token: str, log: NodeLog, line: EngineLine) -> None:
        self._token = token
        self._log = log
        self._line = line
        self._count = self._applied = 0
        self._sent: list[Proposal] = []
        self._come_back = Event()

    def run(self, position: Callable[[], int], is_here: Callable[[], bool], has_ended: Callable[[], bool]) -> None:
        """Write entries until the node has ended. position: of the last applied entry.

        is_here: whether it is one of the nodes. Of others only the request to join is applied, so further entries would
        never be confirmed.
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

    def confirm(self, entry: entries.LogEntry, apply: Callable[[list[Proposal]], None]) -> bool:
        """Apply the proposals of an entry that was read back; return whether it is the pending one."""
        if entry.token != self._token or entry.count != self._count:
            return False
        apply(self._sent)
        self._applied = entry.count
        self._come_back.set()
        return True
