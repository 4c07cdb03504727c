"""A node's watch: whether the log continues, the others are alive, the store works, and this node is to continue
serving.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol

import gevent

from greenchat.chat.cluster.nodes import RESTART, Node
from greenchat.chat.network import Network
from greenchat.commands.core.context import Context
from greenchat.commands.nodes.membership import begin_epoch, note_digest, remove_silent_node
from greenchat.protocol.message import Message
from greenchat.server.clients import Clients
from greenchat.server.data.store_keeper import STATE
from greenchat.server.listeners import Listeners
from greenchat.server.nodes.engine_line import EngineLine
from greenchat.server.nodes.node_config import STAYS_OFF, NodeConfig
from greenchat.server.nodes.snapshots import Snapshots
from greenchat.server.nodes.state_file import StateHead
from greenchat.server.nodes.turn import NodeTurn
from greenchat.server.shutdown import Shutdown

log = logging.getLogger(__name__)

_LOOK = 0.25  # seconds
_HOUR = 3_600_000  # ms
_WAITS = "The server is waiting for its other nodes; your messages are queued"
_DRAINED = "This node is under maintenance: connect again to use another node"


class WatchdogServerParts(Protocol):
    """The parts of the server that the watch reads and changes."""

    clients: Clients
    listeners: Listeners
    shutdown: Shutdown

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""

    def stop(self, reason: str) -> None:
        """Begin to stop."""

    def end_to_restart(self, reason: str) -> None:
        """End the process so that its parent restarts it."""


class NodeWatchdog:
    """The watch of one node. last_entry_at: by the monotonic clock.

    line: to the log. end: ends this node, so that it restarts.
    """

    def __init__(
        self,
        config: NodeConfig,
        line: EngineLine,
        host: WatchdogServerParts,
        network: Network,
        turn: NodeTurn,
        snapshots: Snapshots,
        end: Callable[[str], None],
    ) -> None:
        self._config = config
        self._line = line
        self._host = host
        self._network = network
        self._turn = turn
        self._snapshots = snapshots
        self._end = end
        self._parent = os.getppid()
        self._is_told = self._is_ending = False
        self._drain: gevent.Greenlet | None = None
        self._given_up: set[int] = set()
        self._needed = 0  # entry up to which no node needed the log at the last snapshot, 0 if that is not known
        self.last_entry_at = monotonic()

    @property
    def is_orphan(self) -> bool:
        """Whether the process that starts nodes again, and runs the engine, was killed."""
        return bool(self._config.engine_lock) and os.getppid() != self._parent

    def run(self, own: Callable[[], Node | None], grace: int) -> None:
        """Watch until the node ends. own: returns this incarnation. grace: ms for which users of removed nodes stay."""
        while True:
            gevent.sleep(_LOOK)
            try:
                self._look(own(), grace)
            except Exception:
                log.exception("a bug in watching the nodes")

    def _look(self, own: Node | None, grace: int) -> None:
        if self.is_orphan:
            self._host.stop("The server is shutting down")
            return
        self._check_log(own, grace)
        failing = self._turn.failing_since
        if failing and monotonic() - failing > self._config.patience:
            self._end("this node can't store anything")
        head = self._snapshots.finished()
        if head and own:
            gevent.spawn(self._compare, head, own)
        if own:
            self._carry_out_order(own)
            self._check_epoch(own)

    def _carry_out_order(self, own: Node) -> None:
        """Carry out the order to this node, if any."""
        if own.is_draining and self._drain is None:
            log.warning("this node is being drained: its clients move to other nodes, and it accepts no new ones")
            self._host.listeners.close()
            self._drain = gevent.spawn(self._host.clients.drain, _DRAINED)
        if not own.order or self._is_ending or (self._drain and not self._drain.ready()):
            return
        self._is_ending = True
        if own.order == RESTART:
            self._host.end_to_restart(_DRAINED if self._drain else "The server is restarting: connect again")
            return
        if self._config.engine_lock:
            self._host.shutdown.code = STAYS_OFF
        self._host.stop(_DRAINED if self._drain else "The server is shutting down")

    def _check_epoch(self, own: Node) -> None:
        """Start the newest epoch as soon as all nodes support it, with `--nodes`."""
        nodes = self._network.nodes
        is_asked = self._config.makes_log and nodes.coordinator == own.token and nodes.newest > nodes.epoch
        if is_asked and all(node.newest == nodes.newest for node in nodes):
            self._host.new_context().note(begin_epoch, nodes.newest)

    def _check_log(self, own: Node | None, grace: int) -> None:
        config = self._config
        silent = monotonic() - self.last_entry_at
        if silent > config.engine_timeout:
            self._end(f"the engine was unreachable for {config.engine_timeout:g} s")
        elif silent > config.patience and not self._is_told:
            self._is_told = True
            log.error("no data from the engine for %g s", config.patience)
            self._turn.begin()
            for connection in self._host.clients.connections:
                connection.context(Message("")).notice(_WAITS)
        elif silent < config.patience:
            self._is_told = False
            for node in self._network.nodes.silent(int(config.lease * 1000)):
                if node is not own and node.number not in self._given_up:
                    self._given_up.add(node.number)
                    log.warning("the node %s was given up: it was silent for %g s", node.name, config.lease)
                    self._host.new_context().note(remove_silent_node, node.number, grace)

    def _compare(self, head: StateHead, own: Node) -> None:
        """Compare a digest with those of other nodes; afterwards the log may be trimmed."""
        first = self._host.new_context().propose(note_digest, head.position, head.digest, own.folder)
        if first != head.digest:
            (Path(self._config.state) / STATE).unlink()
            log.critical(
                "at entry %d of the log the state of this node is %s, and that of another one %s: a bug. This node"
                " must be restored from another one",
                *(head.position, head.digest, first),
            )
            self._end("its state differs from the others'")
        elif self._network.nodes.coordinator == own.token:
            self._trim()

    def _trim(self) -> None:
        """Trim the log, up to what no node needed at the last snapshot, from which a node may just be starting."""
        nodes, keep = self._network.nodes, int(self._config.keep * _HOUR)
        needed, self._needed = self._needed, nodes.needed(keep)
        self._line.trim(needed, nodes.time - keep)
