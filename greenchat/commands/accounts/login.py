"""Logging in, for AUTHENTICATE, NickServ and REGISTER. For checking passwords see `password_check`."""

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

_DAY = 86_400_000  # ms: the precision of `Account.used`


def find_account(ctx: Context, name: str) -> Account | None:
    """Return the account of this name, or the owner of this nick; it may be unusable, see `why_unusable`."""
    return ctx.network.accounts.owner_of_nick(name)


def why_unusable(account: Account) -> str:
    """Return the reason why an account can't be logged in to even with its password; "" if it can."""
    if account.suspended:
        return f"The account {account.name} is suspended: {account.suspended}"
    if account.code:
        return f"The account {account.name} is not confirmed yet: /msg NickServ VERIFY {account.name} CODE"
    return ""


def verifier_of(ctx: Context, account: Account | None, name: str, hash_name: str = "sha256") -> Verifier:
    """Return the verifier of the password of `name`: a fake one if there is none.

    Like a real one a fake is always the same for all spellings of a name, since clients see its salt.
    """
    stored = _stored(account, hash_name) if account is not None else ""
    if stored:
        return Verifier.parse(stored)
    seed = f"{hash_name} " * (hash_name != "sha256") + ctx.network.fold(name)
    salt = hmac.digest(ctx.network.secret, seed.encode(), "sha256")[:16]
    nothing = hmac.digest(ctx.network.secret, f"key {seed}".encode(), hash_name)  # for keys that clients do not see
    return Verifier(salt, ctx.network.settings.accounts.iterations, nothing, nothing, hash_name)


def _stored(account: Account, hash_name: str) -> str:
    return account.verifier if hash_name == "sha256" else account.verifier_512


def must_wait(ctx: Context, name: str) -> int:
    """Return the seconds until this session may try a password for this account again, 0 if now."""
    return seconds_to_wait(ctx, throttle_keys(ctx, name))


def count_failure(ctx: Context, name: str) -> None:
    """Count a wrong password."""
    count_wrong(ctx, throttle_keys(ctx, name))


def log_in(ctx: Context, account: Account, *, by_sasl: bool = False) -> None:
    """Log the session in to an account, and announce that if its user is already registered.

    by_sasl: whether to send 903, too. Clients wait for these numerics before they continue. Raises 465 if the account
    is banned.
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
    """Note the origin and the day of a login to an account."""
    ctx.network.protection.known_origins.note(account_id, origin)
    account = ctx.network.accounts.by_id(account_id)
    if account is not None and ctx.now - account.used > _DAY:
        keep_account(ctx, ctx.network.accounts.put(replace(account, used=ctx.now)))


def proof_of(account: Account) -> str:
    """Return a value by which a step can check that the account's password has not changed."""
    return hashlib.sha256(account.verifier.encode()).hexdigest()[:16]


def proved(ctx: Context, account_id: str, proof: str) -> Account | None:
    """Return the account with this id, if it can be logged in to and its password has not changed since `proof_of`."""
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
    """Return nick!user@host of the session, with `*` for unknown parts."""
    session = ctx.session
    if session.user is not None:
        return session.user.source
    given, host = session.registration, ctx.network.protection.cloaks.host(session.host)
    return f"{given.nick or '*'}!{given.username or '*'}@{host}"


def origin_of(ctx: Context) -> str:
    """Return the origin of a session, for counting its failures."""
    return netblock(ctx.session.host)


def throttle_keys(ctx: Context, name: str) -> tuple[str, ...]:
    """Return the keys for counting wrong passwords: for a known origin of the owner only that origin."""
    network, origin = ctx.network, netblock(ctx.session.host)
    if network.protection.known_origins.knows(network.accounts.id_of(name), origin):
        return (origin,)
    return (origin, "account " + network.fold(name))
