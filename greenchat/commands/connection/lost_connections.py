"""Lost connections: after an unintended end a user has some time to return unnoticed.

A user with an account returns by logging in, a guest with a token: clients with the capability greenchat/resume get one
with the welcome (`RESUME <token>`) and send it when they reconnect, before NICK. A token that was sent through TLS is
accepted through TLS only, so that it can't be stolen from an unencrypted connection; one that was sent without TLS
becomes invalid once its user has used TLS. Login and token work even while the server takes the old connection to be
alive, since it may not have noticed the loss.

Another guest from the same address may take the nick of a lost one, but nothing else.
"""

import hashlib
import hmac
from collections.abc import Iterator

from greenchat.chat.always_on import stays
from greenchat.chat.network import Network
from greenchat.chat.user import Session, User
from greenchat.commands.connection.quit import remove_session, remove_user
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.protocol import caps
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.numerics import Numeric

_AT_ONCE = 2000  # recipients of QUITs in one step: a thousand QUITs at once would delay everybody
_REASON = "Connection lost"


@step("lost")
def on_connection_lost(ctx: Context, grace: int) -> None:
    """Note that the sender's connection was lost; if it was the user's last, the user may return within `grace` ms."""
    network, session = ctx.network, ctx.session
    user = session.user
    if user is None or not grace or len(user.sessions) > 1 or stays(network, user):
        remove_session(ctx, session, _REASON)
        network.disconnect(session)
        return
    network.disconnect(session)
    user.left = ctx.now
    user.last_seen = format_msgid(ctx.new_id())
    network.lost_users.add(user, ctx.now + grace)


@step("given up")
def remove_lost_users(ctx: Context) -> None:
    """Remove lost users who did not return in time, or the first of them if there are many."""
    left = _AT_ONCE
    for user in ctx.network.lost_users.over(ctx.now):
        left -= 1 + sum(len(channel.members) for channel in ctx.network.channels_of(user))
        remove_user(ctx, user, _REASON)
        if left <= 0:
            break


def remove_all_lost_users(ctx: Context) -> Iterator[None]:
    """Remove all lost users who did not return in time, step by step."""
    while ctx.network.lost_users.over(ctx.now):
        ctx.propose(remove_lost_users)
        yield


@step("lost.shift")
def shift(ctx: Context, jump: int) -> None:
    """Adjust the deadlines of lost users to a jump of the clock by so many ms."""
    ctx.network.lost_users.shift(jump, now=ctx.now)


def can_resume(session: Session) -> bool:
    """Whether the client of a session can return as its user, without others noticing."""
    return session.user is not None and bool(session.caps & caps.RESUME)


def survives_restart(session: Session) -> bool:
    """Whether the user of a session can return after a restart of the server."""
    return can_resume(session) or (session.user is not None and bool(session.user.account))


@command("RESUME", params=1, anytime=True, way=Way.STEPS)
def resume(ctx: Context) -> None:
    """RESUME <token>

    Resume a guest's session after a lost connection. Clients do this for you.
    """
    if ctx.session.user:
        raise IrcError(Numeric.ERR_ALREADYREGISTERED)
    token = ctx.message.params[0]
    user = ctx.process.log.find(lambda: ctx.network.lost_users.guest(token.partition(":")[0]))
    if user is None:
        return
    if hmac.compare_digest(token.encode(), token_of(ctx.network, user, secure=False).encode()):
        ctx.session.registration.resumes = "" if ctx.network.lost_users.needs_tls(user) else user.guest_id
    elif hmac.compare_digest(token.encode(), token_of(ctx.network, user, secure=True).encode()):
        if not ctx.session.secure:
            raise FailError("RESUME", "TLS_REQUIRED", text="That token was issued over TLS: connect with TLS to use it")
        ctx.session.registration.resumes = user.guest_id


def token_of(network: Network, user: User, *, secure: bool) -> str:
    """Return the token that proves to be this user: the guest_id, a colon, and a signature of the server.

    secure: whether it is sent through TLS, and then valid through TLS only.
    """
    what = f"resume {'through TLS ' if secure else ''}{user.guest_id}"
    proof = hmac.new(network.secret, what.encode(), hashlib.sha256).hexdigest()
    return f"{user.guest_id}:{proof}"


def former_guest(ctx: Context) -> User | None:
    """Return the guest whose token the sender has given, if that guest still exists."""
    wanted = ctx.session.registration.resumes
    if not wanted or ctx.session.account:
        return None
    user = ctx.network.lost_users.guest(wanted)
    if user is None or user.account or len(user.sessions) >= ctx.network.settings.accounts.sessions:
        return None
    return user


def may_take_nick(ctx: Context, holder: User) -> bool:
    """Whether the sender may take a guest's nick: as that guest, or as another from the address of a lost one."""
    if former_guest(ctx) is holder:
        return True
    return holder in ctx.network.lost_users and not holder.account and holder.real_host == ctx.session.host


def disconnect(ctx: Context, user: User, farewell: str, reason: str) -> int:
    """End all connections of a user, and return how many; a lost user leaves, too.

    farewell: for the user's clients. reason: for others.
    """
    sessions = list(user.sessions)
    for session in sessions:
        ctx.close(session, farewell)
        remove_session(ctx, session, reason)
    if not sessions and user in ctx.network.lost_users:
        remove_user(ctx, user, reason)
    return len(sessions)


def why_not_ended(ctx: Context, user: User) -> str:
    """Return why `disconnect` has nothing to end, in words for an operator; "" if it has."""
    if user.sessions or user in ctx.network.lost_users:
        return ""
    return f"{user.nick} is always on and has no connection now. To keep them out, ban the account a:{user.account}"


def take_over_nick(ctx: Context, holder: User) -> None:
    """Remove a lost user, since the sender takes the nick."""
    remove_user(ctx, holder, _REASON)
