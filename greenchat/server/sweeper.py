"""The sweeper: what is due by the clock and by no client, looked at once a second."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Protocol

import gevent

from greenchat.chat.network import Network
from greenchat.commands.channels import timed_masks
from greenchat.commands.connection import reservations
from greenchat.commands.connection.ban_enforcement import let_expire, shift
from greenchat.commands.core.context import Context
from greenchat.config.options import Options
from greenchat.server.clock import Clock
from greenchat.server.net.connection import Connection

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds


class Swept(Protocol):
    """The parts of the server that the sweeper looks at."""

    network: Network
    options: Options
    clock: Clock
    connections: dict[Connection, None]

    def now(self) -> int:
        """Ms since the epoch."""

    def new_context(self) -> Context:
        """In a turn of its own, a context in which the server itself acts."""


class Sweeper:
    """The sweeper of one server. chores: also called each time."""

    def __init__(self, server: Swept, *chores: Callable[[], None]) -> None:
        self._server = server
        self._chores = chores

    def run(self) -> None:
        """Sweep for ever, in a greenlet of its own."""
        while True:
            gevent.sleep(_EVERY)
            try:
                self.sweep()
            except Exception:
                log.exception("the sweeper met a bug")

    def sweep(self) -> None:
        """Do once what is due."""
        self._look_at_connections()
        jump = self._server.clock.jumped()
        if jump:
            self._follow(jump)
        self._let_expire()
        network, now = self._server.network, self._server.now()
        network.logins.forget_old(now)
        network.registrations.forget_old(now)
        network.local.volumes.forget_old(now)
        for chore in self._chores:
            chore()

    def _look_at_connections(self) -> None:
        """Ping who has been silent, cut who stays so, who never registers, and who does not take our farewell."""
        options = self._server.options.connections
        now = monotonic()
        for connection in list(self._server.connections):
            silent = now - connection.heard
            if connection.session.closing:
                connection.closing_since = min(connection.closing_since, now)
                if now - connection.closing_since > options.close_timeout:
                    connection.outbox.cut(connection.session.closing)
            elif connection.session.user is None:
                if connection.age > connection.patience:
                    connection.close("Registration timed out")
            elif not connection.pings:
                continue
            elif silent > options.ping_after + options.ping_timeout:
                connection.close(f"Ping timeout: {int(silent)} seconds")
            elif silent > options.ping_after and not connection.asked:
                connection.ping()

    def _follow(self, jump: int) -> None:
        """The date was set forward by so many ms, or back: bans are to last as long as they were meant to."""
        log.warning("the clock was set %s by %d seconds", "back" if jump < 0 else "forward", abs(jump) // 1000)
        self._server.new_context().propose(shift, jump)
        self._server.new_context().propose(timed_masks.shift, jump)
        self._server.new_context().propose(reservations.shift, jump)

    def _let_expire(self) -> None:
        network, now = self._server.network, self._server.now()
        if network.bans.is_any_over(now):
            self._server.new_context().propose(let_expire)
        if timed_masks.is_any_over(network, now):
            self._server.new_context().propose(timed_masks.let_expire)
        if network.reservations.is_any_over(now):
            self._server.new_context().propose(reservations.let_expire)
