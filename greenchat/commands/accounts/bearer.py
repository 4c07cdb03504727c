"""Logins with a token of an identity provider: finds or makes the account.

A token has the user's subject at the provider (issuer and subject) and name. The name alone proves nothing here, since
an account of that name may have been registered by another person. So a subject logs in to the account that is linked
to it. An account is linked if it was made for the subject, or if it has no link and its logged-in user authenticates
with a token, too, which proves both.
"""

from collections.abc import Callable, Mapping
from typing import Any

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.external_accounts import make_account
from greenchat.commands.accounts.login import log_in, origin_of
from greenchat.commands.accounts.login_throttle import count_wrong, seconds_to_wait
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.process import BadTokenError
from greenchat.commands.core.steps import step
from greenchat.protocol.numerics import Numeric

_INVALID = "The token is not valid"


def check_token(
    ctx: Context, token: str, authorization: str, refuse: Callable[[Context], Continuation | None]
) -> Continuation | None:
    """Log in with a token, see `log_in_as`. authorization: the account's name as the client gave it, or "".

    refuse: called instead for an invalid token. Raises IrcError.
    """
    origin = (origin_of(ctx),)
    seconds = seconds_to_wait(ctx, origin)
    if seconds:
        raise _refusal(f"Too many failed logins: try again in {seconds} seconds")
    bearer, now, address = ctx.process.bearer, ctx.now, ctx.session.host

    def checked(ctx: Context, claims: Mapping[str, Any] | BadTokenError) -> Continuation | None:
        if isinstance(claims, BadTokenError):
            count_wrong(ctx, origin)
            return refuse(ctx)
        log_in_as(ctx, claims, authorization)
        return None

    return Deferred(lambda: bearer.claims(token, now, address), checked, waits=True)


def log_in_as(ctx: Context, claims: Mapping[str, Any], authorization: str = "") -> None:
    """Log the session in to the account of the subject of valid claims. Raises IrcError (904).

    claims: of `server.jwt_check`. authorization: the required account name, "" for any.
    """
    name = str(claims.get(ctx.network.settings.providers.bearer.claim, "")).partition("@")[0]
    ctx.propose(_log_in, f"{claims['iss']} {claims['sub']}", name, authorization)


@step("bearer.login")
def _log_in(ctx: Context, subject: str, name: str, authorization: str) -> None:
    accounts, fold = ctx.network.accounts, ctx.network.fold
    account = accounts.by_proof(subject)
    own = accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None and own is not None and not own.subjects:
        account = change_account(ctx, own.name, subjects=(*own.subjects, subject))
        note(ctx, "NICKSERV", f"{ctx.nick} linked the account {account.name} to {subject}")
    if authorization and fold(authorization) != fold(account.name if account else name):
        raise _refusal("That token belongs to another account")
    account = account or _make(ctx, subject, name)
    if not account.usable:
        raise _refusal(f"The account {account.name} can't be used at the moment")
    try:
        log_in(ctx, account, by_sasl=True)
    except IrcError as error:
        ctx.refuse(error)
        raise _refusal("") from error


def _make(ctx: Context, subject: str, name: str) -> Account:
    """Make the account of a subject. Raises IrcError."""
    rules = ctx.network.settings.providers.bearer
    if not rules.create:
        raise _refusal("You have no account here")
    if not name:
        raise _refusal(f"The token has no {rules.claim}, which is needed as the account's name")
    made = make_account(ctx, subject, name)
    if isinstance(made, Account):
        return made
    if made.code == "ACCOUNT_EXISTS":
        raise _refusal(
            f"The account {name} already exists: if it is yours, log in to it first, and then with the token"
        )
    raise _refusal(made.text)


def _refusal(text: str) -> IrcError:
    return IrcError(Numeric.ERR_SASLFAIL, text=text or Numeric.ERR_SASLFAIL.text)
