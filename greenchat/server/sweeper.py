"""The sweeper: does once a second what is due by the clock and caused by no client."""

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

import gevent

from greenchat.chat.network import Network
from greenchat.commands.channels import timed_masks
from greenchat.commands.connection import reservations
from greenchat.commands.connection.ban_enforcement import let_expire, shift
from greenchat.commands.connection.lost import give_up
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.history.closure_pruning import prune_closures
from greenchat.commands.services import expiry
from greenchat.config.options import Options
from greenchat.server.clock import Clock
from greenchat.server.net.connection import Connection
from greenchat.storage.retention import DateDoubt

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds
_HOUR = 3600.0  # seconds
_DRIFT = 5_000  # ms


class Swept(Protocol):
    """The parts of the server that the sweeper looks at."""

    network: Network
    options: Options
    clock: Clock
    connections: dict[Connection, None]

    def now(self) -> int:
        """Return ms since the epoch."""

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""


class Sweeper:
    """The sweeper of one server. chores: also called each time; dated: the same, with the `trusted_date`."""

    def __init__(
        self,
        server: Swept,
        last_id: int,
        chores: Sequence[Callable[[], None]],
        dated: Sequence[Callable[[int], None]],
    ) -> None:
        """Make a sweeper. last_id: of the last event before this start."""
        self._server = server
        self._chores = chores
        self._dated = dated
        self._doubt = DateDoubt(last_id)
        self._hour_ends = monotonic() + _HOUR

    def run(self) -> None:
        """Run for ever, in a greenlet of its own."""
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
        for deletion in self._dated:
            deletion(self.trusted_date())
        if monotonic() >= self._hour_ends:
            self._hour_ends = monotonic() + _HOUR
            self.look_at_accounts()
            self._server.carry_out(Background(prune_closures))

    def look_at_accounts(self) -> None:
        """Let accounts expire that nobody uses, unless the date may be wrong."""
        date = self.trusted_date()
        if date and expiry.is_any_due(self._server.network, date):
            self._server.new_context().propose(expiry.let_expire)

    def trusted_date(self) -> int:
        """Return the date by which old things may be deleted, in ms since the epoch; 0 while it may be wrong."""
        now = self._server.clock.believed()
        return now if self._doubt.is_believed(now) and now <= self._server.now() + _DRIFT else 0

    def _look_at_connections(self) -> None:
        """Ping silent clients; cut those that stay silent, never register, or do not take our farewell."""
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
        """Move bans after a jump of the clock by so many ms, so that they last as long as they were meant to."""
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
        if network.waiting.over(now):
            self._server.new_context().propose(give_up)
        if network.reservations.is_any_over(now):
            self._server.new_context().propose(reservations.let_expire)
