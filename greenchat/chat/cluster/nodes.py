"""The nodes that one server consists of, as all of them see it: a part of the state that they share.

A node has a name, and each start of it is an *incarnation*: its token is drawn at the start, its number is the position
of the entry with which it came, so that no other has it. The numbers of its sessions begin with it.

All of them apply acts by the rules of one epoch, see `chat.acts`; the next one begins when all know it.

Time is the log's. A node that has said nothing for longer than its lease is given up, but only by the entries of
others: while the log stood still nobody could say anything, so that this time does not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

_SESSIONS = 32  # bits of a session's number that count the sessions of one incarnation
_STOOD_STILL = 700  # ms between two entries: nodes that have nothing to say say so more often
_KEPT_DIGESTS = 8
_KEPT_FOLDERS = 100
RESTART, DIE = "restart", "die"
ORDERS = (RESTART, DIE)
"""To begin anew, and to end."""


@dataclass(slots=True)
class Node:
    """An incarnation. folder: identifies where its data is: one of the same folder is its successor.

    platform: what else acts depend on, beside our own code. since, heard: when it came and when its last entry did, ms
    since 1970. count: of its last entry, which is entry number `entry` of the log. version: of greenchat. applied: the
    last entry that it had applied when it wrote that. cpu: ms that it had used by then. is_draining: it sends its
    clients to others. oldest, newest: the epochs that it knows. order: what it was told to do, of `ORDERS`, or "".
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
    """The nodes that are alive. position, time: of the last entry of the log. epoch: of what comes next.

    Reads: iteration, get, of_token, of_number, silent, steward, newest, needed. Changes: move_on, come, go,
    note_digest, note_written.
    """

    __slots__ = ("_digests", "_nodes", "_written", "epoch", "position", "time")

    def __init__(self, epoch: int = 1) -> None:
        self.epoch = epoch
        self._nodes: dict[str, Node] = {}
        self._digests: dict[int, str] = {}  # by position, of the first node that told it
        self._written: dict[str, tuple[int, int]] = {}  # by folder: entry of the last state file, and when it was told
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
        """Return the incarnation with this token, None if it has not come or is gone."""
        return next((node for node in self._nodes.values() if node.token == token), None)

    def of_number(self, number: int) -> Node | None:
        """Return the incarnation with this number, None if it is gone."""
        return next((node for node in self._nodes.values() if node.number == number), None)

    def silent(self, lease: int) -> list[Node]:
        """Return the nodes that have been silent for so many ms."""
        return [node for node in self._nodes.values() if node.heard + lease < self.time]

    @property
    def steward(self) -> str:
        """The token of the node that does what has to be done once: the one that has been here for the longest."""
        return min(self._nodes.values(), key=lambda node: node.number).token if self._nodes else ""

    @property
    def newest(self) -> int:
        """The newest epoch that any of them knows; the present one if there are none."""
        return max((node.newest for node in self._nodes.values()), default=self.epoch)

    def move_on(self, position: int, time: int) -> int:
        """Note the next entry; return its time, which is never smaller than that of the one before."""
        gap = time - self.time
        if self.time and gap > _STOOD_STILL:
            for node in self._nodes.values():
                node.heard += gap
            self._written = {folder: (entry, told + gap) for folder, (entry, told) in self._written.items()}
        self.position = position
        self.time = max(self.time, time)
        return self.time

    def come(
        self, name: str, token: str, folder: str, platform: str, version: str = "", epochs: tuple[int, int] = (1, 1)
    ) -> Node:
        """Add an incarnation, with this entry. epochs: the oldest and the newest that it knows."""
        node = Node(name, self.position, token, folder, platform, self.time, self.time, version=version)
        node.oldest, node.newest = epochs
        node.entry = node.applied = self.position
        self._nodes[name] = node
        return node

    def go(self, node: Node) -> None:
        """Remove an incarnation."""
        if self._nodes.get(node.name) is node:
            del self._nodes[node.name]

    def note_digest(self, position: int, digest: str) -> str:
        """Note what a node has made of the state at a position; return what the first one has."""
        first = self._digests.setdefault(position, digest)
        while len(self._digests) > _KEPT_DIGESTS:
            del self._digests[next(iter(self._digests))]
        return first

    def note_written(self, folder: str, position: int) -> None:
        """Note that the state at a position is in the file of a folder, whose node needs none before that any more."""
        self._written.pop(folder, None)
        self._written[folder] = position, self.time
        while len(self._written) > _KEPT_FOLDERS:
            del self._written[next(iter(self._written))]

    def needed(self, patience: int) -> int:
        """Return the entry up to which no node needs the log any more, 0 if that is not known.

        patience: ms for which those count that are off.
        """
        here = {node.folder for node in self._nodes.values()}
        if not here <= self._written.keys():
            return 0
        return min(
            (entry for folder, (entry, told) in self._written.items() if folder in here or told + patience > self.time),
            default=0,
        )

    def dump(self) -> list[Any]:
        """Return it as a document."""
        nodes = [list(astuple(node)) for node in self._nodes.values()]
        written = [[folder, *each] for folder, each in self._written.items()]
        return [self.position, self.time, nodes, [list(each) for each in self._digests.items()], written]

    def load(self, document: Sequence[Any] | None) -> None:
        """Fill it from a document."""
        if document:
            self.position, self.time, nodes, digests, *rest = document
            written = rest[0] if rest else []  # else it is of a version that had it not
            self._nodes = {node.name: node for node in (Node(*each) for each in nodes)}
            self._digests = dict(digests)
            self._written = {folder: (entry, told) for folder, entry, told in written}


def first_session(node: Node) -> int:
    """Return the number after which a node numbers its sessions."""
    return node.number << _SESSIONS


def node_number(session: int) -> int:
    """Return the number of the incarnation that a session is of, 0 for one of a server that is no node."""
    return session >> _SESSIONS
