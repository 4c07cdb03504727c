"""The start of a node: its state file and its database, compared with the log.

If these do not belong together, nothing is changed and the node does not start.
"""

from pathlib import Path

from greenchat.chat import documents
from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network
from greenchat.chat.outbox import RemoteOutbox
from greenchat.config.settings import Settings
from greenchat.server.data.restore import restore
from greenchat.server.data.store_keeper import STATE
from greenchat.server.nodes import state_file
from greenchat.server.nodes.engine import StoredLog
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.nodes.state_file import StateFileError, StateHead
from greenchat.storage.interface import Store

_JOIN = "run `greenchat-server cluster publish` at another node, and here `greenchat-server cluster join`"


class NodeError(Exception):
    """The node can't serve; the text is one clear line."""


class NodeStart:
    """The start of a node.

    known: the last entry in the database, and how many of its acts are. is_first: whether the log is new.
    """

    def __init__(self, config: NodeConfig, stored: StoredLog, store: Store) -> None:
        self._config = config
        self._stored = stored
        self._store = store
        mark = store.document(documents.SERVER.name, documents.POSITION)
        is_ours = isinstance(mark, list) and mark[0] == stored.identity
        self.known: tuple[int, int] = (mark[1], mark[2]) if isinstance(mark, list) and is_ours else (0, 0)
        self.is_first = False

    def network(self, settings: Settings, now: int, grace: int) -> Network:
        """Return the first state. now: ms since the epoch. Raises NodeError, StoreError and SnapshotError."""
        file = Path(self._config.state) / STATE
        try:
            head = state_file.head_of(file)
            if head is not None:
                self._check(head)
                return snapshot.restore(state_file.read(file), lambda _: RemoteOutbox())
        except StateFileError as error:
            raise NodeError(str(error)) from error
        if self._stored.last and self._config.makes_log:
            raise NodeError(
                f"the log {self._config.log} already has entries, but the node in {self._config.data} has no state to"
                " begin with: the engine has the data of another cluster. Nothing was changed"
            )
        if not self._config.makes_log:
            raise NodeError(
                f"the data folder {self._config.data} has no state of the log {self._config.log} to begin with: {_JOIN}"
            )
        self.is_first = True
        network = Network(settings, now=now)
        restore(network, self._store, grace)
        return network

    def _check(self, head: StateHead) -> None:
        config, stored, position = self._config, self._stored, max(head.position, self.known[0])
        again = f"delete {config.state}, and it is restored from another node" if config.makes_log else _JOIN
        if head.identity != stored.identity or stored.last < position:
            rebase = "" if config.makes_log else ". `greenchat-server cluster rebase` creates a new log"
            raise NodeError(
                f"the log {config.log} ends at {stored.last}, but this node has applied {position} entries: the engine"
                f" has lost data, or it is another log. Nothing was changed{rebase}"
            )
        if stored.first > head.position + 1:
            raise NodeError(
                f"the log {config.log} begins at entry {stored.first}, but this node has only those up to"
                f" {head.position}: it was off for too long: {again}"
            )
        if self.known[0] < head.position:
            raise NodeError(f"the database in {config.data} is older than the state in {config.state}: {again}")
