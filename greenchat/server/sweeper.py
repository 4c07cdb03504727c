"""The sweeper: once a second does the work that is due by the clock and not caused by a client."""

import logging
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Protocol

import gevent

from greenchat.chat.network import Network
from greenchat.commands.channels import timed_masks
from greenchat.commands.connection import lost_connections, reservations
from greenchat.commands.connection.ban_enforcement import let_expire, shift
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.history.closure_pruning import prune_closures
from greenchat.commands.messages import spam_filter
from greenchat.commands.services import expiry
from greenchat.config.options import Options
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.server.clients import Clients
from greenchat.server.clock import Clock
from greenchat.server.net.turn import Turn
from greenchat.storage.retention import DateDoubt

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds
_HOUR = 3600.0  # seconds
_DRIFT = 5_000  # ms
_HURRY = 5.0  # seconds


class SweeperServerParts(Protocol):
    """The parts of the server that the sweeper looks at."""

    network: Network
    options: Options
    clock: Clock
    clients: Clients
    turn: Turn

    def now(self) -> int:
        """Return ms since the epoch."""

    @property
    def is_coordinator(self) -> bool:
        """Whether this process does the work that is done once for all nodes."""

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""


class Sweeper:
    """The sweeper of one server. chores: called each time, too; dated: the same, with the `trusted_date`."""

    def __init__(
        self,
        server: SweeperServerParts,
        last_id: int,
        chores: Sequence[Callable[[], None]],
        dated: Sequence[Callable[[int], None]],
    ) -> None:
        """Make a sweeper. last_id: the id of the last event before this start."""
        self._server = server
        self._chores = chores
        self._dated = dated
        self._doubt = DateDoubt(last_id)
        self._hour_ends = monotonic() + _HOUR
        self._is_removing_lost_users = False

    def run(self) -> None:
        """Run for ever, in a greenlet of its own."""
        while True:
            gevent.sleep(_EVERY)
            try:
                self.sweep()
            except Exception:
                log.exception("a bug in the sweeper")

    def sweep(self) -> None:
        """Do all work that is due."""
        self._look_at_connections(monotonic())
        jump = self._server.clock.jumped()
        is_coordinator = self._server.is_coordinator
        if jump:
            self._server.network.local.history_quota.shift(jump)
        if is_coordinator:
            if jump:
                self._follow(jump)
            self._let_expire()
        network, now = self._server.network, self._server.now()
        network.protection.logins.forget_old(now)
        network.protection.registrations.forget_old(now)
        network.local.history_quota.forget_old(now)
        for chore in self._chores:
            chore()
        for deletion in self._dated:
            deletion(self.trusted_date())
        if monotonic() >= self._hour_ends:
            self._hour_ends = monotonic() + _HOUR
            if not is_coordinator:
                return
            self.look_at_accounts()
            self._server.carry_out(Background(prune_closures))

    def look_at_accounts(self) -> None:
        """Delete unused accounts, unless the date may be wrong."""
        date = self.trusted_date()
        if date and expiry.is_any_due(self._server.network, date):
            self._server.new_context().note(expiry.let_expire)

    def trusted_date(self) -> int:
        """Return the date for deleting old data, in ms since the epoch; 0 while the date may be wrong."""
        now = self._server.clock.believed()
        return now if self._doubt.is_believed(now) and now <= self._server.now() + _DRIFT else 0

    def _look_at_connections(self, now: float) -> None:
        """Ping silent clients; disconnect those that stay silent, never register, or do not read the farewell."""
        server = self._server
        options = server.options.connections
        server.turn.send_queues.cut_late(now - options.close_timeout)
        ping: Envelope | None = None  # the same for all: thousands may be due
        for connection in server.clients.timer_wheel.due(now):
            silence_ends = connection.last_input + options.ping_after
            if connection.session.closing:
                continue
            if connection.session.user is None:
                if connection.age > connection.patience:
                    connection.close("Registration timed out")
                    continue
                # its patience may be shortened, and it may register, at any time
                silence_ends = min(now + options.ping_after, now + _HURRY, connection.opened + connection.patience)
            elif not connection.pings:
                silence_ends = now + options.ping_after
            elif now > silence_ends + options.ping_timeout:
                connection.close(f"Ping timeout: {int(now - connection.last_input)} seconds", is_lost=True)
                continue
            elif now > silence_ends:
                if not connection.asked:
                    ping = ping or server.new_context().envelope("PING", server.network.settings.name)
                    connection.ping(ping)
                silence_ends = min(silence_ends + options.ping_timeout, now + options.ping_after)
            server.clients.timer_wheel.look_at(connection, silence_ends)

    def _remove_lost_users(self, ctx: Context) -> Iterator[None]:
        """Remove lost users who did not return in time, one after another, while others are served."""
        try:
            yield from lost_connections.remove_all_lost_users(ctx)
        finally:
            self._is_removing_lost_users = False

    def _follow(self, jump: int) -> None:
        """Adjust to a jump of the clock by so many ms, so that bans and the like keep their duration."""
        log.warning("the clock was set %s by %d seconds", "back" if jump < 0 else "forward", abs(jump) // 1000)
        self._server.new_context().note(shift, jump)
        self._server.new_context().note(timed_masks.shift, jump)
        self._server.new_context().note(reservations.shift, jump)
        self._server.new_context().note(lost_connections.shift, jump)
        self._server.new_context().note(spam_filter.shift, jump)

    def _let_expire(self) -> None:
        network, now = self._server.network, self._server.now()
        if network.protection.bans.is_any_over(now):
            self._server.new_context().note(let_expire)
        if timed_masks.is_any_over(network, now):
            self._server.new_context().note(timed_masks.let_expire)
        if network.lost_users.over(now) and not self._is_removing_lost_users:
            self._is_removing_lost_users = True
            self._server.carry_out(Background(self._remove_lost_users))
        if network.protection.reservations.is_any_over(now):
            self._server.new_context().note(reservations.let_expire)
