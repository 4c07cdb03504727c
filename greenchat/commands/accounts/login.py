"""Logging in: what AUTHENTICATE, NickServ and REGISTER share.

Checking a password takes tens of milliseconds of a thread, the same whether the account exists or not, and too many
failures have to be waited out: per address and per account.
"""

import hashlib
import hmac
from collections.abc import Callable

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.login_throttle import count_wrong, guess, seconds_to_wait
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.steps import step
from greenchat.commands.users.identity import set_account
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.scram import Verifier
from greenchat.values.addresses import netblock


def find_account(ctx: Context, name: str) -> Account | None:
    """Return the account of this name, or that owns this nick. Whether one may log in to it: see `why_unusable`."""
    return ctx.network.accounts.owner_of_nick(name)


def why_unusable(account: Account) -> str:
    """Return the reason why nobody may log in to an account even with its password; "" if they may."""
    if account.suspended:
        return f"The account {account.name} is suspended: {account.suspended}"
    if account.code:
        return f"The account {account.name} waits for its code: /msg NickServ VERIFY {account.name} CODE"
    return ""


def verifier_of(ctx: Context, account: Account | None, name: str) -> Verifier:
    """Return the verifier of a password for `name`: a made-up one if there is no account.

    Like a real one it is always the same for a name, however that is spelled: a client that begins to log in is shown
    its salt.
    """
    if account is not None and account.verifier:
        return Verifier.parse(account.verifier)
    salt = hmac.digest(ctx.network.secret, ctx.network.fold(name).encode(), "sha256")[:16]
    nothing = hashlib.sha256(salt).digest()
    return Verifier(salt, ctx.network.settings.accounts.iterations, nothing, nothing)


def must_wait(ctx: Context, name: str) -> int:
    """Return the seconds until this session may try a password for this account again, 0 if now."""
    return seconds_to_wait(ctx, _keys(ctx, name))


def check_password(
    ctx: Context,
    name: str,
    password: str,
    then: Callable[[Context, Account | None], Continuation | None],
    refuse: Callable[[Context, int], None],
) -> Continuation | None:
    """Check in a thread whether the password is the account's, and call `then` with the account, or None.

    The account may be one that nobody can log in to yet, see `why_unusable`: a right password is never called wrong.

    refuse: called instead, with the seconds to wait, after too many wrong passwords.
    """
    account = find_account(ctx, name)
    verifier = verifier_of(ctx, account, name)

    def checked(ctx: Context, matches: bool) -> Continuation | None:
        current = ctx.network.accounts.by_id(account.id) if account else None
        if matches and current is not None and account is not None and current.verifier == account.verifier:
            return then(ctx, current)
        return then(ctx, None)

    return guess(ctx, _keys(ctx, name), lambda: verifier.matches(password), checked, refuse)


def count_failure(ctx: Context, name: str) -> None:
    """Count a wrong password."""
    count_wrong(ctx, _keys(ctx, name))


def log_in(ctx: Context, account: Account, *, by_sasl: bool = False) -> None:
    """Log the session in to an account; its user, if registered already, is announced so.

    by_sasl: 903 is sent too. Clients wait for these numerics, and take any other change for something new.
    Raises 465 if the account is banned.
    """
    ban = ctx.network.bans.of_account(account.id, ctx.now)
    if ban is not None:
        raise IrcError(Numeric.ERR_YOUREBANNEDCREEP, text=f"This account is banned from this server: {ban.reason}")
    session = ctx.session
    session.account = account.name
    ctx.network.local.logins["right"] += 1
    ctx.propose(_note_origin, account.id, netblock(session.host))
    ctx.reply(Numeric.RPL_LOGGEDIN, mask(ctx), account.name, text=f"You are now logged in as {account.name}")
    if by_sasl:
        ctx.reply(Numeric.RPL_SASLSUCCESS)
    if session.user is not None and session.user.account != account.name:
        set_account(ctx, session.user, account.name)


@step("login.origin")
def _note_origin(ctx: Context, account_id: str, origin: str) -> None:
    """Note a login to an account from an origin."""
    ctx.network.known_origins.note(account_id, origin)


def proof_of(account: Account) -> str:
    """Return what tells a step whether the password that was checked is still the account's."""
    return hashlib.sha256(account.verifier.encode()).hexdigest()[:16]


def proved(ctx: Context, account_id: str, proof: str) -> Account | None:
    """Return the account with this id, if one may log in to it and its password is still the one that was checked."""
    account = ctx.network.accounts.by_id(account_id)
    return account if account is not None and account.usable and proof_of(account) == proof else None


def log_out(ctx: Context) -> None:
    """Log the session out."""
    session = ctx.session
    session.account = ""
    if session.user is not None and session.user.account:
        set_account(ctx, session.user, "")
    ctx.reply(Numeric.RPL_LOGGEDOUT, mask(ctx))


def mask(ctx: Context) -> str:
    """Return nick!user@host of the session, `*` for what is not known yet."""
    session = ctx.session
    if session.user is not None:
        return session.user.source
    return f"{session.nick or '*'}!{session.username or '*'}@{ctx.network.cloaks.host(session.host)}"


def _keys(ctx: Context, name: str) -> tuple[str, ...]:
    """Return the keys by which wrong passwords are counted: for an origin of the owner's, only that origin."""
    network, origin = ctx.network, netblock(ctx.session.host)
    if network.known_origins.knows(network.accounts.id_of(name), origin):
        return (origin,)
    return (origin, "account " + network.fold(name))
