"""Applying a new configuration while people are connected: nobody is dropped."""

import logging
import socket
from typing import Protocol

from greenchat.chat.network import Network
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.operators.configure import configure
from greenchat.config.document import to_document
from greenchat.config.file import Config
from greenchat.config.options import ListenerOptions, Options
from greenchat.config.schema import take_over
from greenchat.server.bearer import ProviderTokens
from greenchat.server.net.blocklists import require_package
from greenchat.server.net.connection import Connection
from greenchat.server.net.listener import CannotListenError, Listener, Peer
from greenchat.server.net.plain import PlainClients
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.sts import with_policy
from greenchat.server.net.tls_acceptor import load_tls


class Running(Protocol):
    """The parts of the server that a reload changes."""

    network: Network
    options: Options
    tls: TlsAcceptor | None
    bearer: ProviderTokens
    send_queues: SendQueues
    plain: PlainClients
    listeners: list[Listener]
    connections: dict[Connection, None]

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""

    def is_busy(self) -> bool:
        """Whether the server has too much to do to accept anybody else now."""

    def serve(self, sock: socket.socket, peer: Peer, listener: ListenerOptions, /) -> None:
        """Serve one client, from its arrival to its end."""


def apply(running: Running, config: Config, ctx: Context) -> list[str]:
    """Apply all that can change; return what could not, a line each. Raises ConfigError, and then nothing has changed.

    ctx: in which people are told.
    """
    network = running.network
    settings, refused = take_over(network.settings, config.settings)
    options, refused_options = take_over(running.options, config.options)
    if options.dnsbl.zones:
        require_package()
    running.bearer.use(settings.bearer)
    if running.options.tls != options.tls or running.options.tls.is_given:
        running.tls = load_tls(options.tls, options.data, settings.name)
    settings = with_policy(settings, options.listen, running.tls, ctx.now)
    running.options = options
    running.send_queues.limit = options.connections.sendq_total
    for connection in running.connections:
        connection.use(options)
    logging.getLogger().setLevel(options.log.level.upper())
    running.plain.options = options.plain
    throttle = options.throttle
    network.local.volumes.use(throttle, options.connections)
    running.carry_out(ctx.propose(configure, to_document(settings), throttle.logins, throttle.registrations))
    notes = [f"{key}: a change needs a restart" for key in refused + refused_options]
    trouble = running.tls.trouble(ctx.now) if running.tls else ""
    return [*notes, *[trouble] * bool(trouble), *_move_listeners(running, options.listen)]


def _move_listeners(running: Running, wanted: tuple[ListenerOptions, ...]) -> list[str]:
    """Close the listeners that are no longer wanted, then open new ones; connections remain."""
    old = list(running.listeners)
    kept: list[Listener] = []
    new: list[ListenerOptions] = []
    for options in wanted:
        listener = next((listener for listener in old if listener.options.address == options.address), None)
        if listener is None:
            new.append(options)
        else:
            old.remove(listener)
            listener.options = options
            kept.append(listener)
    for listener in old:
        listener.stop(timeout=0)
    failures = []
    for options in new:
        try:
            kept.append(Listener(options, running.serve, running.is_busy))
        except CannotListenError as error:
            failures.append(str(error))
    running.listeners = kept
    return failures
