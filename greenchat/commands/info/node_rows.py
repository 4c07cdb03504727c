"""The rows of nodes for NODES, STATS, metrics and the shell."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from greenchat.chat.cluster.nodes import node_number
from greenchat.chat.network import Network


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node. version: of greenchat. since: ms since the epoch. silent: ms since its last entry.

    applied: the last entry applied by then. behind: entries that were not applied by then. sessions: registered ones.
    cpu: seconds. oldest, newest: the supported epochs.
    """

    name: str
    version: str
    since: int
    silent: int
    applied: int
    behind: int
    sessions: int
    cpu: float
    is_draining: bool
    oldest: int
    newest: int


def rows(network: Network) -> Iterator[NodeRow]:
    """Yield a row for each node."""
    nodes = network.nodes
    sessions = Counter(node_number(session.number) for session in network.sessions if session.user is not None)
    for node in nodes:
        yield NodeRow(
            node.name,
            node.version,
            node.since,
            max(0, nodes.time - node.heard),
            node.applied,
            max(0, node.entry - 1 - node.applied),
            sessions[node.number],
            node.cpu / 1000,
            node.is_draining,
            node.oldest,
            node.newest,
        )
