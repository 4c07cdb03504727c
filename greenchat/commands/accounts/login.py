"""Proving who one is: what AUTHENTICATE, NickServ and REGISTER share.

Checking a password takes tens of milliseconds of a thread, the same whether the account exists or not, and who fails
too often has to wait: per address and per account.
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
    """The account of this name, or that owns this nick. Whether one may log in to it: see `why_unusable`."""
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

    As a real one it is always the same for a name, however that is spelled: its salt is shown to who begins a login.
    """
    if account is not None and account.verifier:
        return Verifier.parse(account.verifier)
    salt = hmac.digest(ctx.network.secret, ctx.network.fold(name).encode(), "sha256")[:16]
    nothing = hashlib.sha256(salt).digest()
    return Verifier(salt, ctx.network.settings.accounts.iterations, nothing, nothing)


def must_wait(ctx: Context, name: str) -> int:
    """Seconds until this session may try a password for this account again, 0 if now."""
    return seconds_to_wait(ctx, _keys(ctx, name))


def check_password(
    ctx: Context,
    name: str,
    password: str,
    then: Callable[[Context, Account | None], Continuation | None],
    refuse: Callable[[Context, int], None],
) -> Continuation | None:
    """Look whether the password is the account's, in a thread, and go on with `then` and the account, or None.

    The account may be one that nobody can log in to yet, see `why_unusable`: a right password is never called wrong.

    refuse: is called instead, with the seconds to wait, after too many wrong ones.
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
    """Remember that somebody did not know the password."""
    count_wrong(ctx, _keys(ctx, name))


def log_in(ctx: Context, account: Account, *, by_sasl: bool = False) -> None:
    """This session belongs to an account from now on; its user, if it is one already, is announced so.

    by_sasl: 903 is told too. Clients wait for these numerics, and take what else changes for something new.
    Raises 465 where the account is banned.
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
    """Note a login to an account from a origin."""
    ctx.network.known_origins.note(account_id, origin)


def proof_of(account: Account) -> str:
    """Return what tells a step whether the password that was right still is."""
    return hashlib.sha256(account.verifier.encode()).hexdigest()[:16]


def proved(ctx: Context, account_id: str, proof: str) -> Account | None:
    """The account with this id, if one may log in to it and its password is the one that was right."""
    account = ctx.network.accounts.by_id(account_id)
    return account if account is not None and account.usable and proof_of(account) == proof else None


def log_out(ctx: Context) -> None:
    """The reverse of log_in."""
    session = ctx.session
    session.account = ""
    if session.user is not None and session.user.account:
        set_account(ctx, session.user, "")
    ctx.reply(Numeric.RPL_LOGGEDOUT, mask(ctx))


def mask(ctx: Context) -> str:
    """nick!user@host of the session, `*` for what is not known yet."""
    session = ctx.session
    if session.user is not None:
        return session.user.source
    return f"{session.nick or '*'}!{session.username or '*'}@{ctx.network.cloaks.host(session.host)}"


def _keys(ctx: Context, name: str) -> tuple[str, ...]:
    """By what wrong passwords are counted: in a origin that is the owner's, not by what strangers try elsewhere."""
    network, origin = ctx.network, netblock(ctx.session.host)
    if network.known_origins.knows(network.accounts.id_of(name), origin):
        return (origin,)
    return (origin, "account " + network.fold(name))
