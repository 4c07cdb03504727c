"""Expiry of unused accounts and of always-on users: `accounts.expire_days` and `accounts.always_on_days`.

The days of an account begin with its last login. Valid tokens for programs (bots, hooks) count as use: then they begin
with the expiry of the token. In a database of an older version, without times of use, they begin with the first check.
"""

from collections.abc import Iterator
from dataclasses import replace

from greenchat.chat.accounts import Account
from greenchat.chat.network import Network
from greenchat.chat.tokens import BOT, HOOK
from greenchat.chat.user import User
from greenchat.commands.connection.quit import remove_user
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import keep_account
from greenchat.commands.core.steps import step
from greenchat.commands.services.removal import erase_account

_DAY = 86_400_000  # ms


def account_end(network: Network, account: Account) -> int:
    """Return when an account expires without further logins, in ms since the epoch; 0 for never."""
    days = network.settings.accounts.expire_days
    ends = [token.expires for token in network.tokens.of(account) if token.kind in (BOT, HOOK)]
    return max(account.used, account.created, *ends) + days * _DAY if days and all(ends) else 0


def presence_end(network: Network, user: User) -> int:
    """Return when a user without a connection leaves, in ms since the epoch; 0 for never."""
    days = network.settings.accounts.always_on_days
    return user.left + days * _DAY if days and not user.sessions else 0


def is_any_due(network: Network, now: int) -> bool:
    """Whether `let_expire` would find something."""
    in_use = set(_in_use(network)) if network.settings.accounts.expire_days else set()
    return any(_is_due(network, account, now, in_use) for account in network.accounts) or any(
        0 < presence_end(network, user) <= now for user in network.users.values()
    )


@step("expiry")
def let_expire(ctx: Context) -> None:
    """Note the accounts in use, delete expired ones, and remove always-on users whose time is up."""
    network = ctx.network
    for user in list(network.users.values()):
        if 0 < presence_end(network, user) <= ctx.now:
            days = network.settings.accounts.always_on_days
            act(ctx, "EXPIRY", f"{user.nick} left: nobody was connected as {user.account} for {days} days")
            remove_user(ctx, user, f"Not connected for {days} days")
    if not network.settings.accounts.expire_days:
        return
    in_use = set(_in_use(network))
    for account in network.accounts:
        if not _is_due(network, account, ctx.now, in_use):
            continue
        if account.id in in_use or not account.used:
            keep_account(ctx, network.accounts.put(replace(account, used=ctx.now)))
        else:
            act(ctx, "EXPIRY", f"The account {account.name} has expired")
            erase_account(ctx, account)


def _is_due(network: Network, account: Account, now: int, in_use: set[str]) -> bool:
    """Whether an account has expired, or its use has to be noted."""
    if not network.settings.accounts.expire_days:
        return False
    if account.id in in_use or not account.used:
        return now - account.used > _DAY
    return 0 < account_end(network, account) <= now


def _in_use(network: Network) -> Iterator[str]:
    """Yield the ids of the accounts with logged-in users."""
    for session in network.sessions:
        if session.account:
            yield network.accounts.id_of(session.account)
    for user in network.users.values():
        if user.account_id and user.sessions:
            yield user.account_id
