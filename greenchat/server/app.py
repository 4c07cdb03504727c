"""The server: its listeners, its connections, its one sweeper."""

import logging
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import gevent
from gevent.event import Event

from greenchat import __version__
from greenchat.chat import documents
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.commands.catalog import go_on
from greenchat.commands.connection.defcon_gate import defcon_gate
from greenchat.commands.connection.lost import lose
from greenchat.commands.core.audit_log import record, tell_operators
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Streamed
from greenchat.commands.core.process import ConnectionRules, HandoverError, Port, Reloaded
from greenchat.commands.operators.configure import configure, take_in
from greenchat.config.document import to_document
from greenchat.config.file import Config, ConfigError
from greenchat.config.options import Address, ListenerOptions, Options
from greenchat.config.settings import Settings
from greenchat.protocol.first_bytes import is_foreign
from greenchat.protocol.message import Message
from greenchat.server.bearer import ProviderTokens
from greenchat.server.blocklist_gate import BlocklistGate
from greenchat.server.clock import Clock
from greenchat.server.data.audit_log import MEMBERS, OPERATORS, AuditLog
from greenchat.server.data.recording import Recorder
from greenchat.server.data.restore import new_accounts, restore
from greenchat.server.data.store_keeper import StoreKeeper
from greenchat.server.ending import end_connections, let_end
from greenchat.server.handover.forms import Ways
from greenchat.server.handover.taking import Estate
from greenchat.server.health import Health
from greenchat.server.http.extra_pages import serve_extras
from greenchat.server.http.service import HttpService
from greenchat.server.mail import Mailer
from greenchat.server.net import connection_log
from greenchat.server.net.admission import Admission
from greenchat.server.net.connection import Connection, Row
from greenchat.server.net.detect import IRC, PLAIN, PROXY, TLS
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.hangups import Hangups
from greenchat.server.net.listener import Listener, Peer
from greenchat.server.net.meter import Meter
from greenchat.server.net.plain import PlainClients
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.turn import Turn
from greenchat.server.net.workers import Threads
from greenchat.server.push.pusher import start_push
from greenchat.server.push.webhook_sender import start_webhooks
from greenchat.server.reload import apply
from greenchat.server.sweeper import Sweeper
from greenchat.storage.interface import StoreError
from greenchat.storage.log import MemoryLog

log = logging.getLogger(__name__)

T = TypeVar("T")
Sockets = Mapping[Address, list[socket.socket]]
_NONE: Sockets = MappingProxyType({})


class App:
    """Serves one Network on all its addresses until `stop`."""

    def __init__(
        self,
        settings: Settings,
        options: Options,
        tls: TlsAcceptor | None = None,
        read_config: Callable[[], Config] | None = None,
        estate: Estate | None = None,
    ) -> None:
        """Make a server. read_config: reads the configuration again; raises ConfigError.

        estate: what another process hands over. Raises ConfigError, StoreError and SnapshotError.
        """
        self.options = options
        self.tls = tls
        self.clock = Clock(lambda: self.now())
        former = (estate.folder, estate.lock) if estate else None
        self.keeper = StoreKeeper(options.data, options.storage, now=self.clock.believed, inherited=former)
        self.store = self.keeper.store
        self.bearer = ProviderTokens()
        self.bearer.use(settings.bearer)
        self.audit = AuditLog(self.keeper.folder, OPERATORS)
        self.moderation = AuditLog(self.keeper.folder, MEMBERS)
        self.send_queues = SendQueues(options.connections.sendq_total)
        self.log = MemoryLog()
        self.turn = Turn(self.store, self.send_queues)
        self.http = HttpService(self)
        self.network = self._begin(settings, estate)
        self.plain = PlainClients(self.network, self.turn, options.plain, is_foreign)
        self.meter = Meter()
        self.rows: Sequence[Row] = (TLS, PROXY, self.http.row, PLAIN, IRC)
        self.threads = Threads()
        self.hangups = Hangups()
        self._health = Health(self, self.keeper.folder, self.store.last_id())
        self.connections: dict[Connection, None] = {}
        self.background: set[gevent.Greenlet] = set()
        self.upgrade: Callable[[str], None] | None = None
        self.files = serve_extras(self)
        self.push = start_push(self, self.store, self.random(32))
        self.webhooks = start_webhooks(self)
        self.http.complete()
        self.network.logins.limit = options.throttle.logins
        self.network.registrations.limit = options.throttle.registrations
        self.network.local.volumes.use(options.throttle, options.connections)
        self.listeners: list[Listener] = []
        self.is_restarting = False
        self.admission = Admission(self.now, self._objection, self.http.make_room, lambda: self.tls)
        chores = [self._health.look_at_certificate, self.admission.forget_old, self.http.forget_old]
        self.sweeper = Sweeper(self, self.store.last_id(), chores, [self.files.sweep] if self.files else [])
        self.blocklists = BlocklistGate(self)
        self._read_config = read_config
        self._recorder: Recorder | None = None
        self._stopping = Event()
        self._farewell = "The server is shutting down"

    def _begin(self, settings: Settings, estate: Estate | None) -> Network:
        """Return the state with which this process begins."""
        if estate:
            limit = self.options.connections.sendq
            return estate.restore(Ways(self.turn.dirty, self.send_queues, limit, self.http.ending))
        network = Network(settings, now=self.now())
        restore(network, self.store)
        return network

    def go_on(self, estate: Estate, settings: Settings) -> None:
        """Serve from now on in this process, with these settings."""
        self.keeper.note_holder()
        throttle = self.options.throttle
        grace = int(self.options.connections.grace * 1000)
        self.run_step(
            lambda ctx: ctx.propose(configure, to_document(settings), throttle.logins, throttle.registrations)
        )
        for session in estate.lost:
            self.turn.begin()
            self._context(session).propose(lose, grace)
        text = f"The server was upgraded from greenchat {estate.version} to {__version__}"
        self.run_step(lambda ctx: tell_operators(ctx, text))

    def record(self, path: Path) -> None:
        """Record all that changes the state, from now on. path: of a new file. Raises RecordingError."""
        marks = self.store.documents(documents.READ_MARKS.name)
        self._recorder = Recorder(path, self.network, marks, self.now())
        self.log.read(self._recorder.read)

    @property
    def mail(self) -> Mailer:
        """The mailer of the present options."""
        return Mailer(self.options.email)

    def now(self) -> int:
        """Return ms since the epoch."""
        return time.time_ns() // 1_000_000

    def random(self, count: int) -> bytes:
        """Return so many random bytes that nobody can guess."""
        return secrets.token_bytes(count)

    def listen(self, opened: Sequence[socket.socket] = (), inherited: Sockets = _NONE) -> list[Address]:
        """Open the listeners; return the addresses that they really have. Raises CannotListenError.

        opened: sockets that listen already, used instead of the configured addresses; options go by the address.
        inherited: sockets of the process before this one, by the configured addresses for which it has opened them.
        """
        for sock in opened:
            address = Address(*sock.getsockname()[:2])
            known = {options.address: options for options in self.options.listen}
            options = known.get(address, ListenerOptions(address))
            self.listeners.append(Listener(options, self.serve, self.is_busy, sock))
        for options in () if opened else self.options.listen:
            self.listeners.append(Listener(options, self.serve, self.is_busy, _take(inherited, options.address)))
        for sock in (sock for rest in inherited.values() for sock in rest):
            sock.close()
        return [listener.bound for listener in self.listeners]

    def take_over(self, estate: Estate) -> None:
        """Go on with the connections that were handed over."""
        listeners = {options.address: options for options in self.options.listen}
        for moved in estate.moved.values():
            connection = estate.connection(self, moved, listeners)
            self.admission.take_over(connection.session, moved.form["origin"])
            gevent.spawn(self._look_after, connection, moved.resume(connection))
            self.connections[connection] = None
        self.turn.open()

    def is_busy(self) -> bool:
        """Whether the server has too much to do to accept anybody else now."""
        return self.turn.schedule.is_busy

    def run(self) -> None:
        """Serve until `stop` is called, then close every connection properly."""
        sweeper = gevent.spawn(self.sweeper.run)
        self.keeper.start()
        self._health.start()
        self._stopping.wait()
        sweeper.kill()
        self._health.stop()
        for listener in self.listeners:
            listener.stop(timeout=0)
        end_connections(self.connections, self._farewell, self.options.connections.close_timeout)
        self.hangups.close()
        if self.files:
            let_end(self.files.close, "the last upload")
        if self.push:
            let_end(self.push.close, "a push")
        if self.webhooks:
            let_end(self.webhooks.close, "a webhook")
        let_end(self.blocklists.close, "a question to the DNS")
        let_end(self.threads.kill, "a login or a search")
        self.turn.end()
        if self._recorder:
            self._recorder.close(self.now())
        self.audit.close()
        self.moderation.close()
        self.keeper.close()
        let_end(self.threads.kill_messengers, "a mail that was being sent")

    @property
    def is_ending(self) -> bool:
        """Whether the server is stopping."""
        return bool(self._stopping.is_set())

    def stop(self, reason: str) -> None:
        """Begin to stop; every client is told the reason."""
        self._farewell = reason
        self.http.ending.is_near = True
        self._stopping.set()

    def restart(self, who: str, reason: str) -> None:
        """Let a new process take over; where that can't be, stop with `is_restarting` set."""
        if self.upgrade:
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
        """Stop, with `is_restarting` set for whatever runs the app."""
        self.is_restarting = True
        self.stop(reason)

    def reload(self, who: str) -> Reloaded:
        """Reload the configuration. who: asked for it, for the log and the operators."""
        if self._stopping.is_set():
            return Reloaded("", error="the server is stopping")
        self.turn.begin()
        ctx = self._context()
        reloaded = self._reload(ctx)
        if reloaded.error:
            lines = [f"{who} tried to reload the configuration; nothing has changed: {reloaded.error}"]
        else:
            lines = [f"{who} reloaded the configuration", *reloaded.notes]
        log.log(logging.WARNING if reloaded.error else logging.INFO, "%s", lines[0])
        for note in reloaded.notes:
            log.warning("%s", note)
        for line in lines:
            tell_operators(ctx, line)
        record(ctx, "REHASH", "; ".join(lines))
        return reloaded

    def _reload(self, ctx: Context) -> Reloaded:
        try:
            found = new_accounts(self.network, self.store)
            if found:
                ctx.propose(take_in, [account.document() for account in found])
        except StoreError as error:
            log.error("the accounts can't be read again: %s", error)
        if self._read_config is None:
            return Reloaded("", error="the server was started without a configuration")
        try:
            config = self._read_config()
            return Reloaded(config.file, notes=tuple(apply(self, config, ctx)))
        except ConfigError as error:
            return Reloaded("", error=str(error))

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn, and return what it returns."""
        return step(self.new_context())

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.keeper.folder

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""
        greenlet = gevent.spawn(self._carry_out, work)
        self.background.add(greenlet)
        greenlet.link(self.background.discard)

    def _carry_out(self, work: Background) -> None:
        ctx = self._context()
        continuation: Continuation | None = Streamed(work.steps(ctx))
        share = Share()
        try:
            while isinstance(continuation, Streamed):
                self.turn.begin()
                ctx.now = self.now()
                continuation = go_on(ctx, continuation)
                self.turn.schedule.yield_turn(share)
        except Exception:
            log.exception("a bug ended what a command had begun")

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""
        self.turn.begin()
        return self._context()

    def _context(self, session: Session | None = None) -> Context:
        """Return a context in which the server itself speaks: of a session without a user, if none is named."""
        now = self.now()
        session = session or Session(Outbox(Dirty()), "", now)
        return Context(self.network, session, Message(""), now=now, process=self, journal=self.turn)

    def ports(self) -> list[Port]:
        """Return the ports that the server listens on."""
        return [listener.port(with_tls=self.tls is not None) for listener in self.listeners]

    @property
    def connection_rules(self) -> ConnectionRules:
        """The rules for connections."""
        return ConnectionRules(self.options.connections.ping_after, self.options.connections.sendq)

    def serve(self, sock: socket.socket, peer: Peer, listener: ListenerOptions) -> None:
        """Serve one client from its arrival to its end, in a greenlet of its own."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        arrival = self.admission.admit(sock, peer, listener, self.options.connections)
        if arrival is None:
            self.meter.refused += 1
            return
        listing = None if arrival.forwards else self.blocklists.look_up(arrival.source)
        if listing and self.blocklists.refuses(listing):
            self.admission.turn_away(sock, arrival.source, listing.reason, listener)
            self.meter.refused += 1
            return
        connection = Connection(self, listener, sock, _presentable(arrival.source))
        connection.session.secure = arrival.secure
        self.blocklists.mark(connection.session, listing)
        if arrival.forwards:
            connection.forwarders = listener.proxy
        self.admission.register(connection.session, arrival.source)
        self.connections[connection] = None
        self._look_after(connection)

    def _look_after(self, connection: Connection, serve: Callable[[], object] | None = None) -> None:
        try:
            connection.run(serve)
        finally:
            del self.connections[connection]
            session = connection.session
            connection_log.ended(session, nick=session.nick, account=session.account, seconds=connection.age)
            self.admission.leave(session)
            self.meter.ended(connection.session)

    def _objection(self, host: str) -> str:
        """Return the reason why this IP address may not connect; "" if it may."""
        ban = self.network.bans.of_address(host, self.now())
        return ban.message if ban else defcon_gate(self.network).objection(host)

    def relocate(self, session: Session, host: str) -> str:
        """Move a session to the IP address that its gateway gives; return "" or why there is no room for it."""
        reason = self.admission.relocate(session, host, self.options.connections)
        if not reason:
            self.blocklists.look_up_later(session, host)
        return reason


def _take(sockets: Sockets, address: Address) -> socket.socket | None:
    return sockets[address].pop(0) if sockets.get(address) else None


def _presentable(host: str) -> str:
    """Return the peer's address as it can stand in a hostmask."""
    # "a host must not begin with a colon": https://modern.ircdocs.horse/#source
    return "0" + host if host.startswith(":") else host
