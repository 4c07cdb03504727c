"""HostServ: vhosts of accounts, set by operators with the right `vhost`.

CHGHOST changes a host until its user leaves; a vhost belongs to the account, and lasts.
"""

from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.service import ServiceError, service, tell
from greenchat.commands.users.identity import follow_vhost
from greenchat.values import names

HOSTSERV = service("HostServ", "HostServ manages virtual hosts (vhosts).", "HS")

_LISTED = 100


@HOSTSERV.command("SET", "<account> <host>", right="vhost")
def set_(ctx: Context, words: list[str]) -> None:
    """Set the vhost of an account."""
    if not names.is_host(words[1], ctx.network.settings.limits.host):
        raise ServiceError("That is not a valid host")
    _change(ctx, words[0], words[1])


@HOSTSERV.command("DEL", "<account>", right="vhost")
def del_(ctx: Context, words: list[str]) -> None:
    """Remove the vhost of an account."""
    _change(ctx, words[0], "")


@HOSTSERV.command("LIST", "", right="vhost")
def list_(ctx: Context, _: list[str]) -> None:
    """List the accounts with a vhost."""
    accounts = [account for account in ctx.network.accounts if account.vhost]
    tell(ctx, HOSTSERV, *[f"{account.name}  {account.vhost}" for account in accounts[:_LISTED]])
    tell(ctx, HOSTSERV, f"{len(accounts)} account{'s' * (len(accounts) != 1)}")


@HOSTSERV.command("INFO")
def info(ctx: Context, _: list[str]) -> None:
    """Show your vhost."""
    account = ctx.network.accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None or not account.vhost:
        raise ServiceError("You have no vhost: ask an operator for one")
    tell(ctx, HOSTSERV, f"Your vhost is {account.vhost} while you are logged in as {account.name}")


def _change(ctx: Context, name: str, host: str) -> None:
    account = ctx.network.accounts.get(name)
    if account is None:
        raise ServiceError("There is no such account")
    change_account(ctx, account.name, vhost=host)
    for user in ctx.network.users_of(account.name):
        follow_vhost(ctx, user)
    act(ctx, "HOSTSERV", f"{ctx.nick} set the vhost of the account {account.name} to {host or '(none)'}")
    tell(ctx, HOSTSERV, f"{account.name} now has the host {host or '(cloak)'}")
