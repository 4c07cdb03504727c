"""The nodes of one server: a part of the state that they share.

A node has a name, and each start of it is an *incarnation*, with a random token and a unique number, the position of
the entry with which it joined. The numbers of its sessions begin with that number.

All nodes apply acts by the rules of one epoch, see `chat.acts`; the next one can start when all support it.

Time is the log's. A node that is silent for longer than its lease is removed, but only by entries of other nodes: while
the log stands still no node can write, so that this time does not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

_SESSIONS = 32  # bits of a session's number that count the sessions of one incarnation
_STOOD_STILL = 700  # ms between two entries: idle nodes write entries more often
_KEPT_DIGESTS = 8
_KEPT_FOLDERS = 100
RESTART, DIE = "restart", "die"
ORDERS = (RESTART, DIE)
"""The orders to a node: restart, and end."""


@dataclass(slots=True)
class Node:
    """An incarnation. folder: identifies its data folder: a later one of the same folder is its successor.

    platform: versions of other software that acts depend on. since, heard: the times of its joining and of its
    last entry, ms since the epoch. count: the counter of its last entry, which is entry number `entry` of the log.
    version: of greenchat. applied: the last entry applied when it wrote that. cpu: ms used by then. is_draining:
    whether it moves its clients to others. oldest, newest: the supported epochs. order: one of `ORDERS`, or "".
    """

    name: str
    number: int
    token: str
    folder: str
    platform: str
    since: int
    heard: int
    count: int = 0
    version: str = ""
    entry: int = 0
    applied: int = 0
    cpu: int = 0
    is_draining: bool = False
    oldest: int = 1
    newest: int = 1
    order: str = ""


class Nodes:
    """The present nodes. position, time: of the last entry of the log. epoch: the current one.

    Reads: iteration, get, of_token, of_number, silent, coordinator, newest, needed. Changes: advance, add, remove,
    note_digest, note_written.
    """

    __slots__ = ("_digests", "_nodes", "_written", "epoch", "position", "time")

    def __init__(self, epoch: int = 1) -> None:
        self.epoch = epoch
        self._nodes: dict[str, Node] = {}
        self._digests: dict[int, str] = {}  # by position, as first reported
        self._written: dict[str, tuple[int, int]] = {}  # by folder: entry of the last state file, time of the report
        self.position = 0
        self.time = 0

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, name: str) -> Node | None:
        """Return the node of this name."""
        return self._nodes.get(name)

    def of_token(self, token: str) -> Node | None:
        """Return the incarnation with this token, None if it is not present."""
        return next((node for node in self._nodes.values() if node.token == token), None)

    def of_number(self, number: int) -> Node | None:
        """Return the incarnation with this number, None if it has left."""
        return next((node for node in self._nodes.values() if node.number == number), None)

    def silent(self, lease: int) -> list[Node]:
        """Return the nodes that have been silent for so many ms."""
        return [node for node in self._nodes.values() if node.heard + lease < self.time]

    @property
    def coordinator(self) -> str:
        """Return the token of the node that does the work for all: the one that has been present longest."""
        return min(self._nodes.values(), key=lambda node: node.number).token if self._nodes else ""

    @property
    def newest(self) -> int:
        """Return the newest epoch that any node supports; the current one without nodes."""
        return max((node.newest for node in self._nodes.values()), default=self.epoch)

    def advance(self, position: int, time: int) -> int:
        """Note the next entry; return its time, which is never before that of the previous one."""
        gap = time - self.time
        if self.time and gap > _STOOD_STILL:
            for node in self._nodes.values():
                node.heard += gap
            self._written = {folder: (entry, written_at + gap) for folder, (entry, written_at) in self._written.items()}
        self.position = position
        self.time = max(self.time, time)
        return self.time

    def add(
        self, name: str, token: str, folder: str, platform: str, version: str = "", epochs: tuple[int, int] = (1, 1)
    ) -> Node:
        """Add an incarnation, with this entry. epochs: the oldest and the newest that it supports."""
        node = Node(name, self.position, token, folder, platform, self.time, self.time, version=version)
        node.oldest, node.newest = epochs
        node.entry = node.applied = self.position
        self._nodes[name] = node
        return node

    def remove(self, node: Node) -> None:
        """Remove an incarnation."""
        if self._nodes.get(node.name) is node:
            del self._nodes[node.name]

    def note_digest(self, position: int, digest: str) -> str:
        """Note a node's digest of the state at a position; return the first reported one."""
        first = self._digests.setdefault(position, digest)
        while len(self._digests) > _KEPT_DIGESTS:
            del self._digests[next(iter(self._digests))]
        return first

    def note_written(self, folder: str, position: int) -> None:
        """Note that a folder has a state file of a position, so that its node needs no earlier entries."""
        self._written.pop(folder, None)
        self._written[folder] = position, self.time
        while len(self._written) > _KEPT_FOLDERS:
            del self._written[next(iter(self._written))]

    def needed(self, patience: int) -> int:
        """Return the last entry that no node needs any more, 0 if that is unknown.

        patience: ms for which absent nodes count.
        """
        here = {node.folder for node in self._nodes.values()}
        if not here <= self._written.keys():
            return 0
        return min(
            (
                entry
                for folder, (entry, written_at) in self._written.items()
                if folder in here or written_at + patience > self.time
            ),
            default=0,
        )

    def dump(self) -> list[Any]:
        """Return the nodes as a document."""
        nodes = [list(astuple(node)) for node in self._nodes.values()]
        written = [[folder, *each] for folder, each in self._written.items()]
        return [self.position, self.time, nodes, [list(each) for each in self._digests.items()], written]

    def load(self, document: Sequence[Any] | None) -> None:
        """Restore the nodes from a document."""
        if document:
            self.position, self.time, nodes, digests, *rest = document
            written = rest[0] if rest else []  # missing in documents of older versions
            self._nodes = {node.name: node for node in (Node(*each) for each in nodes)}
            self._digests = dict(digests)
            self._written = {folder: (entry, written_at) for folder, entry, written_at in written}


def first_session(node: Node) -> int:
    """Return the number before a node's first session number."""
    return node.number << _SESSIONS


def node_number(session: int) -> int:
    """Return the number of a session's incarnation, 0 on a single server."""
    return session >> _SESSIONS
