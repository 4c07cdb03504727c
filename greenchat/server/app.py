"""The server: connects its parts, runs them, and stops them in the right order."""

import logging
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import gevent

from greenchat import __version__
from greenchat.chat import acts, documents
from greenchat.chat.cluster.nodes import RESTART
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.commands.connection.lost_connections import on_connection_lost
from greenchat.commands.core.audit_log import tell_operators
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.process import ConnectionRules, HandoverError, Port, Reloaded
from greenchat.commands.history.retention import propose_cuts
from greenchat.commands.messages.speech import MessageBurst
from greenchat.commands.nodes.membership import begin_epoch, tell_node
from greenchat.commands.operators.configure import configure
from greenchat.config.document import to_document
from greenchat.config.file import Config
from greenchat.config.options import Address, Options
from greenchat.config.settings import Settings
from greenchat.protocol.message import Message
from greenchat.server.background_work import BackgroundWork
from greenchat.server.bearer import ProviderTokens
from greenchat.server.clients import Clients
from greenchat.server.clock import Clock
from greenchat.server.data.audit_log import MEMBERS, OPERATORS, AuditLog
from greenchat.server.data.recording import Recorder
from greenchat.server.data.restore import restore
from greenchat.server.data.store_keeper import StoreKeeper
from greenchat.server.external_auth.password_check import ExternalPasswordCheck
from greenchat.server.handover.forms import OutboxParts
from greenchat.server.handover.takeover import HandedOverState
from greenchat.server.http.optional_routes import add_optional_routes
from greenchat.server.http.service import HttpService
from greenchat.server.listeners import Listeners
from greenchat.server.mail import Mailer
from greenchat.server.net.listener import NO_SOCKETS, Sockets
from greenchat.server.net.routes import deliver_bursts
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.turn import Turn
from greenchat.server.net.workers import Threads
from greenchat.server.nodes.member import NodeMember
from greenchat.server.push.notifications import Notifications
from greenchat.server.reload import load_new_accounts, reload
from greenchat.server.shutdown import Shutdown
from greenchat.server.shutdown_steps import wait_for_end
from greenchat.server.upkeep import Upkeep
from greenchat.storage.log import Log, MemoryLog
from greenchat.storage.sqlite import SqliteStore

log = logging.getLogger(__name__)

T = TypeVar("T")


class App:
    """Serves one Network on all its addresses until `stop`."""

    def __init__(
        self,
        settings: Settings,
        options: Options,
        tls: TlsAcceptor | None = None,
        read_config: Callable[[], Config] | None = None,
        handed_over: HandedOverState | None = None,
        member: NodeMember | None = None,
    ) -> None:
        """Make a server. read_config: reads the configuration again; raises ConfigError.

        handed_over: what the previous process handed over. member: set if this process is one of several nodes. Raises
        ConfigError, StoreError, SnapshotError and NodeError.
        """
        self.options = options
        self.tls = tls
        self.clock = Clock(lambda: self.now())
        self.member = member
        folder = member.node_config.data if member else options.data
        former = (handed_over.folder, handed_over.lock) if handed_over else None
        self.keeper = StoreKeeper(folder, options.storage, now=self.clock.believed, inherited=former)
        self.bearer = ProviderTokens()
        self.bearer.use(settings.providers.bearer)
        self.external_auth = ExternalPasswordCheck(settings)
        self.audit = AuditLog(self.keeper.folder, OPERATORS)
        self.moderation = AuditLog(self.keeper.folder, MEMBERS)
        self.log: Log = member.log if member else MemoryLog()
        send_queues = SendQueues(options.connections.sendq_total)
        self.turn = member.turn(self.store, send_queues) if member else Turn(self.store, send_queues)
        self.http = HttpService(self)
        self.network = self._begin(settings, handed_over)
        self.turn.deliver_bursts = self._deliver
        if isinstance(self.log, MemoryLog):
            self.log.before = partial(self.turn.begin, 0)
        if member:  # a single server has nothing to compare this machine's clock with
            self.keeper.now = lambda: min(self.clock.believed(), self.network.nodes.time)
        self.keeper.decides = lambda: self.is_coordinator
        self.keeper.cut = lambda due: self.run_step(lambda ctx: propose_cuts(ctx, due))
        self.threads = Threads()
        self.clients = Clients(self, self.http.row, self.http.make_room)
        self.listeners = Listeners(self.clients.serve, self.clients.is_busy)
        self.background = BackgroundWork(self.turn, self._context, self.now)
        self.upgrade: Callable[[str], None] | None = None
        self.files = add_optional_routes(self, settings)
        self.notifications = Notifications(self, settings, self.store, self.random(32))
        self.http.complete()
        if member is None:  # for nodes they must be the same everywhere, so an act changes them
            self.network.protection.logins.limit = options.throttle.logins
            self.network.protection.registrations.limit = options.throttle.registrations
        self.network.local.history_quota.use(options.throttle, options.connections)
        chores = [self.clients.admission.forget_old, self.http.forget_old]
        self.upkeep = Upkeep(self, self.keeper.folder, chores, [self.files.sweep] if self.files else [])
        self.shutdown = Shutdown()
        self._read_config = read_config
        self._recorder: Recorder | None = None

    def _begin(self, settings: Settings, handed_over: HandedOverState | None) -> Network:
        """Return the initial state of this process."""
        if handed_over:
            limit = self.options.connections.sendq
            return handed_over.restore(OutboxParts(self.turn.dirty, self.turn.send_queues, limit, self.http.ending))
        grace = int(self.options.connections.grace * 1000)
        if self.member:
            return self.member.first_state(settings, self.now(), grace)
        network = Network(settings, now=self.now())
        restore(network, self.store, grace)
        return network

    def _deliver(self, bursts: Sequence[MessageBurst]) -> None:
        deliver_bursts(self.network, self.log, self.turn, bursts, self.now())

    def continue_serving(self, handed_over: HandedOverState, settings: Settings) -> None:
        """Serve from now on in this process, with these settings."""
        self.keeper.note_holder()
        throttle = self.options.throttle
        grace = int(self.options.connections.grace * 1000)
        if self.network.nodes.epoch < acts.VERSION:
            self.run_step(lambda ctx: ctx.propose(begin_epoch, acts.VERSION))
        self.run_step(
            lambda ctx: ctx.propose(configure, to_document(settings), throttle.logins, throttle.registrations)
        )
        for session in handed_over.lost:
            self.turn.begin()
            self._context(session).propose(on_connection_lost, grace)
        text = f"The server was upgraded from greenchat {handed_over.version} to {__version__}"
        self.run_step(lambda ctx: tell_operators(ctx, text))

    def record(self, path: Path, *, goes_on: bool = False) -> None:
        """Record every change of the state. path: a new file, or (goes_on) the current one. Raises RecordingError."""
        read_markers = {} if goes_on else self.store.documents(documents.READ_MARKERS.name)
        self._recorder = Recorder(path, self.network, read_markers, self.now(), goes_on=goes_on)
        assert isinstance(self.log, MemoryLog)
        self.log.read(self._recorder.read)

    @property
    def mail(self) -> Mailer:
        """The mailer for the current options."""
        return Mailer(self.options.email)

    def now(self) -> int:
        """Return ms since the epoch."""
        return time.time_ns() // 1_000_000

    def random(self, count: int) -> bytes:
        """Return `count` random bytes from a cryptographic source."""
        return secrets.token_bytes(count)

    def listen(self, opened: Sequence[socket.socket] = (), inherited: Sockets = NO_SOCKETS) -> list[Address]:
        """Open the listeners; return their actual addresses. Raises CannotListenError.

        opened: sockets that already listen, used instead of the configured addresses; their options are those of their
        address. inherited: sockets of the previous process, by the configured addresses for which it opened them.
        """
        if self.files:
            self.files.start()
        if opened:
            self.listeners.adopt(opened, self.options.listen)
        else:
            self.listeners.open(self.options.listen, inherited, shared=self.member is not None)
        return [listener.bound for listener in self.listeners]

    def take_over(self, handed_over: HandedOverState) -> None:
        """Continue to serve the connections that were handed over."""
        listeners = {options.address: options for options in self.options.listen}
        for moved in handed_over.moved.values():
            connection = handed_over.connection(self, moved, listeners)
            self.clients.take_over(connection, moved.form["origin"], moved.resume(connection))
        self.turn.open()

    def run(self) -> None:
        """Serve until `stop` is called, then close."""
        self.upkeep.start()
        self.keeper.start_housekeeping()
        self.shutdown.wait()
        self.close()

    def close(self) -> None:
        """Release everything, whether `run` was called or not, in the one order in which nothing is lost.

        First stop accepting clients, and tell all clients the reason; then let running work finish, for a moment at
        most; then store the rest, and close the store.
        """
        self.upkeep.stop()
        self.listeners.close()
        self.clients.close(self.shutdown.farewell)
        if self.notifications.push:
            wait_for_end(self.notifications.push.close, "a push")
        if self.notifications.webhooks:
            wait_for_end(self.notifications.webhooks.close, "a webhook")
        wait_for_end(self.http.close, "the last upload, or a login at a provider")
        wait_for_end(self.threads.kill, "a login or a search")
        self.upkeep.user_saver.save_all()
        if self.member:
            self.member.leave()
        self.turn.dirty.release_all()
        self.turn.end()
        if self._recorder:
            self._recorder.close(self.now())
        self.audit.close()
        self.moderation.close()
        self.keeper.close()
        wait_for_end(self.threads.kill_messengers, "a mail that was being sent")

    @property
    def is_coordinator(self) -> bool:
        """Whether this process does the work that is done once for all nodes."""
        return self.member is None or self.member.is_coordinator

    @property
    def upgraded_nodes(self) -> list[str]:
        """The nodes that an upgrade of this installation restarts, one after another; none of a single server.

        This node is the last, so that it can answer its client until then.
        """
        if self.member is None:
            return []
        own = self.member.node_config
        others = [node.name for node in self.network.nodes if node.name != own.name] if own.has_supervisor else []
        return [*others, own.name]

    @property
    def is_ending(self) -> bool:
        """Whether the server is stopping."""
        return self.shutdown.has_begun

    def stop(self, reason: str) -> None:
        """Begin to stop, and tell every client the reason."""
        self.http.ending.is_near = True
        self.shutdown.begin(reason)

    def restart(self, who: str, reason: str) -> None:
        """Let a new process take over; if that is not possible, stop with `shutdown.is_restarting` set."""
        if self.member:
            log.info("%s is restarting this node: its clients move to other nodes first", who)
            self.new_context().note(tell_node, self.member.node_config.name, RESTART)
        elif self.upgrade:
            gevent.spawn(self._upgrade_or_end, self.upgrade, who, reason)
        else:
            self.end_to_restart(reason)

    def _upgrade_or_end(self, upgrade: Callable[[str], None], who: str, reason: str) -> None:
        try:
            upgrade(who)
        except HandoverError as error:
            if error.needs_restart:
                self.end_to_restart(reason)

    def end_to_restart(self, reason: str) -> None:
        """Stop, with `shutdown.is_restarting` set for the caller of `run`."""
        self.shutdown.is_restarting = True
        self.stop(reason)

    def reload(self, who: str) -> Reloaded:
        """Reload the configuration. who: named in the log and to operators."""
        if self.is_ending:
            return Reloaded("", error="the server is stopping")
        return reload(self, self._read_config, who)

    def find_accounts(self) -> None:
        """Load the accounts that `adduser` has made. Raises StoreError."""
        load_new_accounts(self.store, self.new_context())

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn, and return what it returns."""
        return step(self.new_context())

    @property
    def store(self) -> SqliteStore:
        """The store."""
        return self.keeper.store

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.keeper.folder

    @property
    def waiting_events(self) -> int:
        """Return how many events wait for the search index."""
        return self.keeper.store.waiting

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""
        self.background.begin(work)

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""
        self.turn.begin()
        return self._context()

    def _context(self, session: Session | None = None) -> Context:
        """Return a context of the session, or one in which the server itself acts, with a session without a user."""
        now = self.now()
        session = session or Session(Outbox(Dirty()), "", now)
        return Context(self.network, session, Message(""), now=now, process=self, journal=self.turn)

    def ports(self) -> list[Port]:
        """Return the ports that the server listens on."""
        return self.listeners.ports(with_tls=self.tls is not None)

    @property
    def connection_rules(self) -> ConnectionRules:
        """The rules for connections."""
        return ConnectionRules(self.options.connections.ping_after, self.options.connections.sendq)

    def relocate(self, session: Session, host: str) -> str:
        """Move a session to the IP address that its gateway reports; return "", or why that address may not connect."""
        return self.clients.relocate(session, host)
