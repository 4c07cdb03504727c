"""Reloading the configuration while people are connected: nobody is dropped."""

import logging
from collections.abc import Callable
from typing import Protocol

from greenchat.chat.network import Network
from greenchat.commands.core.audit_log import record, tell_operators
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.process import Reloaded
from greenchat.commands.operators.configure import configure, load_accounts
from greenchat.config.document import to_document
from greenchat.config.file import Config, ConfigError
from greenchat.config.options import Options
from greenchat.config.schema import take_over
from greenchat.server.bearer import ProviderTokens
from greenchat.server.clients import Clients
from greenchat.server.data.restore import new_accounts
from greenchat.server.external_auth.password_check import ExternalPasswordCheck
from greenchat.server.listeners import Listeners
from greenchat.server.net.blocklists import require_package
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.sts import with_policy
from greenchat.server.net.tls_acceptor import load_tls
from greenchat.server.net.turn import Turn
from greenchat.server.programs import require_programs
from greenchat.storage.interface import Store, StoreError

log = logging.getLogger(__name__)

_AT_ONCE = 100  # accounts in one act: the log refuses acts that are too large


class ReloadServerParts(Protocol):
    """The parts of the server that a reload changes."""

    network: Network
    options: Options
    tls: TlsAcceptor | None
    bearer: ProviderTokens
    external_auth: ExternalPasswordCheck
    clients: Clients
    listeners: Listeners
    turn: Turn

    @property
    def store(self) -> Store:
        """The store, with all documents."""

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""


def reload(running: ReloadServerParts, read_config: Callable[[], Config] | None, who: str) -> Reloaded:
    """Read the configuration again and apply it. who: named in the log and to operators."""
    ctx = running.new_context()
    reloaded = _reload(running, read_config, ctx)
    if reloaded.error:
        lines = [f"{who} tried to reload the configuration, which was not changed: {reloaded.error}"]
    else:
        lines = [f"{who} reloaded the configuration", *reloaded.notes]
    log.log(logging.WARNING if reloaded.error else logging.INFO, "%s", lines[0])
    for note in reloaded.notes:
        log.warning("%s", note)
    for line in lines:
        tell_operators(ctx, line)
    record(ctx, "REHASH", "; ".join(lines))
    return reloaded


def _reload(running: ReloadServerParts, read_config: Callable[[], Config] | None, ctx: Context) -> Reloaded:
    find_accounts(running.store, ctx)
    if read_config is None:
        return Reloaded("", error="the server was started without a configuration")
    try:
        config = read_config()
        return Reloaded(config.file, notes=tuple(apply(running, config, ctx)))
    except ConfigError as error:
        return Reloaded("", error=str(error))


def apply(running: ReloadServerParts, config: Config, ctx: Context) -> list[str]:
    """Apply all changes that need no restart; return a line for each that does. Raises ConfigError, and then nothing
    has changed.

    ctx: for notices to users.
    """
    network = running.network
    settings, refused = take_over(network.settings, config.settings)
    options, refused_options = take_over(running.options, config.options)
    if options.dnsbl.zones:
        require_package()
    require_programs(config)
    tls = running.tls
    if running.options.tls != options.tls or running.options.tls.is_given:
        tls = load_tls(options.tls, options.data, settings.name)
    running.bearer.use(settings.providers.bearer)
    try:
        running.external_auth.use(settings)
    except ConfigError:
        running.bearer.use(network.settings.providers.bearer)
        raise
    running.tls = tls
    settings = with_policy(settings, options.listen, running.tls, ctx.now)
    running.options = options
    running.turn.send_queues.limit = options.connections.sendq_total
    running.clients.use(options)
    logging.getLogger().setLevel(options.log.level.upper())
    throttle = options.throttle
    network.local.history_quota.use(throttle, options.connections)
    running.carry_out(ctx.propose(configure, to_document(settings), throttle.logins, throttle.registrations))
    notes = [f"{key}: a change needs a restart" for key in refused + refused_options]
    warning = running.tls.date_warning(ctx.now) if running.tls else ""
    return [*notes, *[warning] * bool(warning), *running.listeners.use(options.listen)]


def find_accounts(store: Store, ctx: Context) -> None:
    """Load the accounts that `adduser` has made; log an error if they can't be read."""
    try:
        load_new_accounts(store, ctx)
    except StoreError as error:
        log.error("the accounts can't be reloaded: %s", error)


def load_new_accounts(store: Store, ctx: Context) -> None:
    """Load the accounts that `adduser` has made. Raises StoreError."""
    accounts = new_accounts(ctx.network, store)
    for start in range(0, len(accounts), _AT_ONCE):
        ctx.propose(load_accounts, [account.document() for account in accounts[start : start + _AT_ONCE]])
