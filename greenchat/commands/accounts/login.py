"""Logging in: what AUTHENTICATE, NickServ and REGISTER share. Checking a password: see `password_check`."""

import hashlib
import hmac
from dataclasses import replace

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.login_throttle import count_wrong, seconds_to_wait
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.persistence import keep_account
from greenchat.commands.core.steps import step
from greenchat.commands.users.identity import set_account
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.scram import Verifier
from greenchat.values.addresses import netblock

_DAY = 86_400_000  # ms: as exactly is it kept when an account was used


def find_account(ctx: Context, name: str) -> Account | None:
    """Return the account of this name, or that owns this nick. Whether one may log in to it: see `why_unusable`."""
    return ctx.network.accounts.owner_of_nick(name)


def why_unusable(account: Account) -> str:
    """Return the reason why nobody may log in to an account even with its password; "" if they may."""
    if account.suspended:
        return f"The account {account.name} is suspended: {account.suspended}"
    if account.code:
        return f"The account {account.name} is not confirmed yet: /msg NickServ VERIFY {account.name} CODE"
    return ""


def verifier_of(ctx: Context, account: Account | None, name: str, hash_name: str = "sha256") -> Verifier:
    """Return the verifier of a password for `name`: a made-up one if there is none.

    Like a real one it is always the same for a name, however that is spelled: a client that begins to log in is shown
    its salt.
    """
    stored = _stored(account, hash_name) if account is not None else ""
    if stored:
        return Verifier.parse(stored)
    seed = f"{hash_name} " * (hash_name != "sha256") + ctx.network.fold(name)
    salt = hmac.digest(ctx.network.secret, seed.encode(), "sha256")[:16]
    nothing = hmac.digest(ctx.network.secret, f"key {seed}".encode(), hash_name)  # of what a client is not shown
    return Verifier(salt, ctx.network.settings.accounts.iterations, nothing, nothing, hash_name)


def _stored(account: Account, hash_name: str) -> str:
    return account.verifier if hash_name == "sha256" else account.verifier_512


def must_wait(ctx: Context, name: str) -> int:
    """Return the seconds until this session may try a password for this account again, 0 if now."""
    return seconds_to_wait(ctx, counted_by(ctx, name))


def count_failure(ctx: Context, name: str) -> None:
    """Count a wrong password."""
    count_wrong(ctx, counted_by(ctx, name))


def log_in(ctx: Context, account: Account, *, by_sasl: bool = False) -> None:
    """Log the session in to an account; its user, if registered already, is announced so.

    by_sasl: 903 is sent too. Clients wait for these numerics, and take any other change for something new.
    Raises 465 if the account is banned.
    """
    ban = ctx.network.protection.bans.of_account(account.id, ctx.now)
    if ban is not None:
        raise IrcError(Numeric.ERR_YOUREBANNEDCREEP, text=f"This account is banned from this server: {ban.reason}")
    session = ctx.session
    session.account = account.name
    ctx.network.local.logins["right"] += 1
    ctx.propose(note_origin, account.id, netblock(session.host))
    ctx.reply(Numeric.RPL_LOGGEDIN, mask(ctx), account.name, text=f"You are now logged in as {account.name}")
    if by_sasl:
        ctx.reply(Numeric.RPL_SASLSUCCESS)
    if session.user is not None and session.user.account != account.name:
        set_account(ctx, session.user, account.name)


@step("login.origin")
def note_origin(ctx: Context, account_id: str, origin: str) -> None:
    """Note a login to an account: from where, and on which day."""
    ctx.network.protection.known_origins.note(account_id, origin)
    account = ctx.network.accounts.by_id(account_id)
    if account is not None and ctx.now - account.used > _DAY:
        keep_account(ctx, ctx.network.accounts.put(replace(account, used=ctx.now)))


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
    given, host = session.registration, ctx.network.protection.cloaks.host(session.host)
    return f"{given.nick or '*'}!{given.username or '*'}@{host}"


def place_of(ctx: Context) -> str:
    """Return the place that a session comes from, by which its failures are counted."""
    return netblock(ctx.session.host)


def counted_by(ctx: Context, name: str) -> tuple[str, ...]:
    """Return the keys by which wrong passwords are counted: for an origin of the owner's, only that origin."""
    network, origin = ctx.network, netblock(ctx.session.host)
    if network.protection.known_origins.knows(network.accounts.id_of(name), origin):
        return (origin,)
    return (origin, "account " + network.fold(name))
