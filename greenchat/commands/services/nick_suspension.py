"""NickServ SUSPEND and UNSUSPEND: an operator closes an account, and opens it again. Nothing of it is lost."""

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
    """Close an account: who is logged in to it is logged out, nobody can log in, and its tokens do not work."""
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
    """Open an account again that SUSPEND has closed."""
    account = _account(ctx, words[0])
    if not account.suspended:
        raise ServiceError(f"The account {account.name} is not suspended")
    ctx.propose(_unsuspend, account.name, ctx.nick)


@step("nickserv.unsuspend")
def _unsuspend(ctx: Context, name: str, by: str) -> None:
    account = _account(ctx, name)
    change_account(ctx, account.name, suspended="")
    act(ctx, "UNSUSPEND", f"{by} opened the account {account.name} again")
    tell(ctx, NICKSERV, f"The account {account.name} is open again")


def _account(ctx: Context, name: str) -> Account:
    account = ctx.network.accounts.get(name)
    if account is None:
        raise ServiceError("There is no such account")
    return account
