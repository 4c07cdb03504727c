"""A node: applies the log, and proposes the acts of its clients.

An entry is applied as soon as it is read, and completely before anything else; the node's own are still decoded. The
state is written to a file at certain entries, the same on all nodes, and its digest compared: a node whose state has
diverged stops.

Without the engine nobody can send messages, but none are lost: proposals wait. After a while users are told, and later
the node closes its connections and restarts, as it does when the others have removed it.
"""

import logging
import secrets
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import gevent

from greenchat import __version__
from greenchat.chat import acts, documents
from greenchat.chat.acts import Act, CommandAct, StepAct
from greenchat.chat.cluster.nodes import first_session
from greenchat.chat.network import Network
from greenchat.chat.outbox import RemoteOutbox
from greenchat.commands.applying import Applier
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.persistence import keep_presences
from greenchat.commands.nodes.membership import PLATFORM, add_node, leave_nodes
from greenchat.commands.operators.configure import configure
from greenchat.config.document import to_document
from greenchat.config.options import Options
from greenchat.config.settings import Settings
from greenchat.protocol.nats import StreamPosition
from greenchat.server.data.store_keeper import STATE
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.sendq import SendQueues
from greenchat.server.nodes import entries, watchdog
from greenchat.server.nodes.engine_errors import EngineError, EngineRefusesError
from greenchat.server.nodes.engine_line import EngineLine, end_if_told
from greenchat.server.nodes.engine_process import end_engine
from greenchat.server.nodes.log import NodeLog
from greenchat.server.nodes.monitor import unsafe
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.nodes.node_start import NodeError, NodeStart
from greenchat.server.nodes.progress import Progress
from greenchat.server.nodes.proposer import Proposer
from greenchat.server.nodes.snapshots import Snapshots
from greenchat.server.nodes.turn import NodeTurn
from greenchat.server.nodes.watchdog import NodeWatchdog
from greenchat.storage.interface import Document, Store

log = logging.getLogger(__name__)

_LOOK = 0.25  # seconds
_AGAIN = 0.25  # seconds between attempts to join: nodes are only removed by entries of others
_AT_ONCE = 100  # acts: beyond that there is little to gain
_CATCH_UP = 200  # entries between two checks for other work
_LEAVING = 3.0  # seconds
_MOMENT = 0.05  # seconds
_CAME = "node.came"
_ANNOUNCED = ("configured",)  # steps whose announcements each node makes to its own sessions


class MemberServerParts(watchdog.WatchdogServerParts, Protocol):
    """The parts of the server that a node changes."""

    network: Network
    options: Options

    def carry_out(self, work: Background) -> None:
        """Run background work step by step."""


class NodeMember:
    """One node. log: for proposals of its handlers."""

    def __init__(self, node_config: NodeConfig) -> None:
        """Connect to the engine. Raises NodeError."""
        self.node_config = node_config
        self.log = NodeLog()
        self.token = secrets.token_hex(8)
        self.end_reason = ""
        """The reason for which the node ended by itself."""
        self._line = EngineLine(node_config)
        self._check_engine()
        self.log.newest = self._line.newest
        self._identity = self._line.stored.identity
        self._proposer = Proposer(self.token, self.log, self._line)
        self._progress = Progress()
        self._is_here = self._is_leaving = False
        self._greenlets: list[gevent.Greenlet] = []
        self._share = Share()

    # the start

    def _check_engine(self) -> None:
        """Raise NodeError if the engine's configuration may lose written entries."""
        try:
            for warning in unsafe(self.node_config):
                raise NodeError(warning)
        except EngineError as error:
            log.warning("%s", error)

    def turn(self, store: Store, send_queues: SendQueues) -> NodeTurn:
        """Return the turn of this node."""
        self._store = store
        turn = self._turn = NodeTurn(store, send_queues, self._mark)
        turn.notifies_observers = lambda: self.is_coordinator
        self.log.begin = turn.begin
        return turn

    def _mark(self) -> Document:
        position = [self._identity, self._position, self._progress.acts]
        return Document(documents.SERVER.name, documents.POSITION, position)

    @property
    def _position(self) -> int:
        """The entry that is applied, or was last."""
        return self._network.nodes.position

    def first_state(self, settings: Settings, now: int, grace: int) -> Network:
        """Return the state from which this node starts. Raises NodeError, StoreError and SnapshotError."""
        beginning = NodeStart(self.node_config, self._line.stored, self._store)
        self._network = beginning.network(settings, now, grace)
        self._progress.known = beginning.known
        self.snapshots = Snapshots(self._state, self._identity, self._network, self._turn)
        if beginning.is_first:
            self.snapshots.write()
        return self._network

    def join(self, host: MemberServerParts, process: Any, settings: Settings) -> None:
        """Apply the log up to its end, and join the nodes; from now on the node serves.

        settings: of the configuration, applied on all nodes if they differ. Raises NodeError.
        """
        grace = int(host.options.connections.grace * 1000)
        self._host = host
        self._grace = grace
        self._watchdog = NodeWatchdog(
            self.node_config, self._line, host, self._network, self._turn, self.snapshots, self._end
        )
        self._applier = Applier(self._network, self._turn, process, RemoteOutbox)
        self._spawn(self._follow)
        while not self._progress.caught_up.wait(_LOOK) and not self.end_reason:
            end_if_told()
        if self.end_reason:  # also if the last entry is unreadable
            raise NodeError(self.end_reason)
        self._spawn(
            lambda: self._proposer.run(lambda: self._position, lambda: self._is_here, lambda: bool(self.end_reason))
        )
        self._join_nodes()
        node = self._network.nodes.of_token(self.token)
        assert node
        self._network.local.skip_sessions(first_session(node))
        self._is_here = True
        self._watchdog.last_entry_at = monotonic()
        self._spawn(lambda: self._watchdog.run(lambda: self._network.nodes.of_token(self.token), grace))
        network, document = self._network, to_document(settings)
        limits = host.options.throttle.logins, host.options.throttle.registrations
        if (document, limits) != (
            to_document(network.settings),
            (network.protection.logins.limit, network.protection.registrations.limit),
        ):
            host.carry_out(host.new_context().propose(configure, document, *limits))

    def _join_nodes(self) -> None:
        """Join the nodes, after a silent former incarnation has certainly ended.

        Raises NodeError.
        """
        node_config, folder = self.node_config, self._folder_id()
        times, versions = (int(node_config.lease * 1000), self._grace), (__version__, acts.OLDEST, acts.VERSION)
        first_counts: dict[str, int] = {}
        while True:
            ctx = self._host.new_context()
            refusal = ctx.propose(add_node, node_config.name, self.token, folder, PLATFORM, *times, *versions)
            if not refusal:
                return
            for node in self._network.nodes:
                is_namesake = node.name == node_config.name and node.folder != folder
                is_in_the_way = is_namesake or (node.name != node_config.name and node.platform != PLATFORM)
                if is_in_the_way and node.count > first_counts.setdefault(node.token, node.count):
                    raise NodeError(refusal)
            if self.end_reason:
                raise NodeError(self.end_reason)
            end_if_told()
            gevent.sleep(_AGAIN)

    def _folder_id(self) -> str:
        file = Path(self.node_config.state) / "greenchat.node"
        try:
            if not file.exists():
                file.write_text(secrets.token_hex(8), encoding="ascii")
            return file.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise NodeError(f"can't read {file}: {error}") from error

    def _spawn(self, run: Callable[[], None]) -> None:
        self._greenlets.append(gevent.spawn(run))

    @property
    def _state(self) -> Path:
        return Path(self.node_config.state) / STATE

    @property
    def is_coordinator(self) -> bool:
        """Whether this node does the work that is done once for all nodes."""
        return self._is_here and self._network.nodes.coordinator == self.token

    # following

    def _follow(self) -> None:
        """Read the log until the node ends."""
        try:
            self._line.follow(
                lambda: self._position, lambda last: self._progress.aim_at(last, self._position), self._deliver
            )
        except EngineRefusesError as error:
            self._end(str(error))
        except Exception:
            log.exception("a bug in following the log")
            self._end("a bug in following the log, see above")

    def _deliver(self, position: StreamPosition, data: bytes) -> None:
        """Apply an entry. The engine's greenlet calls it, in the order of the log. Raises EngineError."""
        if self._turn.has_ended:  # the engine may have sent several at once
            raise EngineError(self.end_reason)
        try:
            self._take_entry(position, entries.unpack(data))
        except entries.EntryError as error:
            self._end(f"entry {position.number} of the log: {error}")
            raise EngineError(self.end_reason) from error
        if position.number % _CATCH_UP == 0:
            self._turn.schedule.yield_turn(self._share)

    def _take_entry(self, position: StreamPosition, entry: entries.LogEntry) -> None:
        nodes = self._network.nodes
        if position.number != nodes.position + 1:
            raise entries.EntryError(f"the entries after {nodes.position} are missing: the engine has lost them")
        before = nodes.time
        self._watchdog.last_entry_at = monotonic()
        self._turn.begin(len(entry.acts))  # one of several waits a moment for other nodes' entries if it sends much
        now = nodes.advance(position.number, position.time)
        self._progress.begin_entry()
        self.log.position = position.number
        node = nodes.of_token(entry.token)
        if node is not None and entry.count > node.count:
            node.count = entry.count
            node.heard = now
            node.entry = position.number
            node.applied = entry.applied
            node.cpu = entry.cpu
            self._apply(entry, now)
        elif node is None and _is_arrival(entry):
            self._apply(entry, now)
            arrived = nodes.of_token(entry.token)
            if arrived:
                arrived.count = entry.count
        if self._is_here and nodes.of_token(self.token) is None and not self._is_leaving:
            self._end("the other nodes gave this one up, because it was silent for too long")
        self._progress.look(position.number)
        self.log.note_entry()
        every = int(self.node_config.snapshots * 1000)
        if before and self._is_here and now // every != before // every:
            self.snapshots.take()

    def _apply(self, entry: entries.LogEntry, now: int) -> None:
        if self._proposer.confirm(entry, lambda own: self.log.apply(own, now, self._note_applied)):
            return
        progress = self._progress
        done = 0
        while done < len(entry.acts):
            self._turn.is_known = progress.is_known(self._position)
            some = islice(entry.acts, done, done + 1 if self._turn.is_known else done + _AT_ONCE)
            bursts = self._applier.bursts(some)
            count = len(bursts) or 1
            try:
                if bursts:
                    self._applier.deliver_bursts(bursts, now)
                else:
                    self._apply_one(entry.acts[done], now)
            except acts.ActError as error:
                raise entries.EntryError(str(error)) from error
            except entries.EntryError:
                raise
            except Exception:
                log.exception("a bug in an act of the log")
            done += count
            progress.acts += count
        self._turn.is_known = False

    def _apply_one(self, stored: object, now: int) -> None:
        """Apply an encoded act. Raises EntryError and ActError."""
        act = entries.act_of(stored, now)
        continuation = self._applier.apply(act)
        if isinstance(continuation, Background) and _is_announced(act):
            self._host.carry_out(continuation)

    def _note_applied(self) -> None:
        network = self._network
        if network.local.changed_presences or network.closures:
            keep_presences(self._host.new_context())
        self._progress.acts += 1

    # the end

    def _give_up_state(self) -> None:
        """Apply and store nothing more of the log, nor anything that is not in it."""
        self.log.end()
        self._turn.has_ended = True
        self._line.close()

    def _end(self, reason: str) -> None:
        """End this process, so that it starts again."""
        if not self.end_reason:
            self.end_reason = reason
            self._give_up_state()
            log.error("this node is stopping: %s", reason)
            if self._is_here:
                self._host.end_to_restart(f"This node is restarting: {reason}. Connect again")

    def leave(self) -> None:
        """Leave the other nodes properly, and write the state; nothing is applied afterwards."""
        node = self._network.nodes.of_token(self.token)
        self._is_leaving = True
        if node and not self.end_reason:
            with gevent.Timeout(_LEAVING, False):
                self._host.new_context().propose(leave_nodes, node.number, self._grace)
                while self._watchdog.is_orphan and len(self._network.nodes):
                    gevent.sleep(_MOMENT)  # the other nodes still need the engine to leave
        self._turn.end()
        if not self.end_reason:
            self.snapshots.write()  # at once, since nothing but the log may change what it holds
            self.end_reason = "it has left"
        self._give_up_state()
        gevent.killall(self._greenlets)
        if self._watchdog.is_orphan and self.node_config.engine_lock:
            end_engine(Path(self.node_config.engine_lock))


def _is_arrival(entry: entries.LogEntry) -> bool:
    return any(isinstance(act, StepAct) and act.step == _CAME for act in islice(entries.acts_of(entry), 1))


def _is_announced(act: Act) -> bool:
    return isinstance(act, CommandAct) or (isinstance(act, StepAct) and act.step in _ANNOUNCED)
