"""The verification code of a new account: its delivery and its validity.

It is mailed to the owner if the server can send mail and the account has an address; otherwise operators find it with
NickServ INFO.
"""

import hmac
from collections.abc import Callable

from greenchat.chat.accounts import Account
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred

_HOUR = 3_600_000  # ms


def new_code(ctx: Context, email: str) -> str:
    """Return a code for a new account, "" if it needs none."""
    return ctx.random(4).hex() if ctx.network.settings.accounts.verify or is_mailed(ctx, email) else ""


def has_expired(ctx: Context, account: Account) -> bool:
    """Whether an unconfirmed account has expired, so that its name is free again."""
    return bool(account.code) and ctx.now - account.created > ctx.network.settings.accounts.verify_hours * _HOUR


def is_code_of(ctx: Context, account: Account | None, code: str) -> bool:
    """Whether an account waits for this code."""
    if account is None or not account.code or has_expired(ctx, account):
        return False
    return hmac.compare_digest(account.code.encode(), code.encode())


def hint(ctx: Context, account: Account) -> str:
    """Return a sentence that tells the owner how to get the code."""
    if is_mailed(ctx, account.email):
        return f"The code for VERIFY {account.name} was sent to {account.email}"
    return f"Ask an operator for the code for VERIFY {account.name}"


def mail_code(ctx: Context, account: Account, then: Callable[[Context, bool], Continuation | None]) -> Deferred:
    """Mail the code to the owner, and call `then` with whether that worked."""
    network = ctx.network.settings.about.network
    mail = ctx.process.mail
    subject = f"Your account {account.name} on {network}"
    text = f"""\
Somebody, hopefully you, registered the account {account.name} on {network}
with this address. To confirm it, send this line in your IRC client:

    /quote VERIFY {account.name} {account.code}

In greenchat that is  /verify {account.name} {account.code}
If it was not you, ignore this mail: without the code the account is removed after
{ctx.network.settings.accounts.verify_hours} hours.
"""
    return Deferred(lambda: mail.send(account.email, subject, text), then, waits=True)


def is_mailed(ctx: Context, email: str) -> bool:
    """Whether the code for an account with this address is sent by mail."""
    return bool(email) and ctx.process.mail.is_on
