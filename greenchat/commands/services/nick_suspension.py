"""NickServ SUSPEND and UNSUSPEND: operators block an account, without loss of data, and unblock it."""

from greenchat.chat.accounts import Account
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.core.steps import step
from greenchat.commands.services.nickserv import NICKSERV
from greenchat.commands.services.removal import log_everybody_out

_LONGEST = 200  # characters of a reason


@NICKSERV.command("SUSPEND", "<account> [<reason>]", right="accounts", way=Way.STEPS)
def suspend(ctx: Context, words: list[str]) -> None:
    """Suspend an account: log out its sessions, and refuse logins and tokens."""
    reason = " ".join(words[1:])[:_LONGEST] or "by an operator"
    ctx.propose(_suspend, _account(ctx, words[0]).name, reason, ctx.nick)


@step("nickserv.suspend")
def _suspend(ctx: Context, name: str, reason: str, by: str) -> None:
    account = _account(ctx, name)
    change_account(ctx, account.name, suspended=reason)
    log_everybody_out(ctx, account.name, "The account is suspended")
    act(ctx, "SUSPEND", f"{by} suspended the account {account.name}: {reason}")
    tell(ctx, NICKSERV, f"The account {account.name} is suspended")


@NICKSERV.command("UNSUSPEND", "<account>", right="accounts", way=Way.STEPS)
def unsuspend(ctx: Context, words: list[str]) -> None:
    """Lift the suspension of an account."""
    account = _account(ctx, words[0])
    if not account.suspended:
        raise ServiceError(f"The account {account.name} is not suspended")
    ctx.propose(_unsuspend, account.name, ctx.nick)


@step("nickserv.unsuspend")
def _unsuspend(ctx: Context, name: str, by: str) -> None:
    account = _account(ctx, name)
    change_account(ctx, account.name, suspended="")
    act(ctx, "UNSUSPEND", f"{by} reactivated the account {account.name}")
    tell(ctx, NICKSERV, f"The account {account.name} is no longer suspended")


def _account(ctx: Context, name: str) -> Account:
    account = ctx.network.accounts.get(name)
    if account is None:
        raise ServiceError("There is no such account")
    return account
