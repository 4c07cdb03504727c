"""Losing a connection that nobody wanted to end: who would leave with it has some time to come back unnoticed.

Whoever has an account comes back by logging in to it, a guest by a token: clients with the capability greenchat/resume
get one with the welcome (`RESUME <token>`) and give it back when they connect again, before NICK. A token that was sent
through TLS is taken through TLS only: who reads another, open connection along must not become its sender. One that was
not is of no use any more once its user was here through TLS. Both are taken too while the server believes that the old
connection is still there: the network may have gone without a word.

From the same address another guest may have the name of one who waits, but nothing else of theirs.
"""

import hashlib
import hmac
from collections.abc import Iterator

from greenchat.chat.always_on import stays
from greenchat.chat.network import Network
from greenchat.chat.user import Session, User
from greenchat.commands.connection.quit import depart, leave
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.protocol import caps
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.numerics import Numeric

_AT_ONCE = 2000  # who are told of somebody's leaving in one step: a thousand who leave would hold up everybody else
_REASON = "Connection lost"


@step("lost")
def lose(ctx: Context, grace: int) -> None:
    """Note that the sender's connection was lost: a user who would leave with it waits for so many ms first."""
    network, session = ctx.network, ctx.session
    user = session.user
    if user is None or not grace or len(user.sessions) > 1 or stays(network, user):
        leave(ctx, session, _REASON)
        network.disconnect(session)
        return
    network.disconnect(session)
    user.left = ctx.now
    user.last_seen = format_msgid(ctx.new_id())
    network.waiting.add(user, ctx.now + grace)


@step("given up")
def give_up(ctx: Context) -> None:
    """Let those leave who did not come back in time, or the first of them if they are many."""
    left = _AT_ONCE
    for user in ctx.network.waiting.over(ctx.now):
        left -= 1 + sum(len(channel.members) for channel in ctx.network.channels_of(user))
        depart(ctx, user, _REASON)
        if left <= 0:
            break


def give_up_all(ctx: Context) -> Iterator[None]:
    """Let all those leave who did not come back in time, step by step."""
    while ctx.network.waiting.over(ctx.now):
        ctx.propose(give_up)
        yield


@step("lost.shift")
def shift(ctx: Context, jump: int) -> None:
    """Let those wait who can come back after a jump of the clock by so many ms as long as they were meant to."""
    ctx.network.waiting.shift(jump, now=ctx.now)


def can_come_back(session: Session) -> bool:
    """Whether the client of a session knows how to continue as its user: as others see it nothing has happened then."""
    return session.user is not None and bool(session.caps & caps.RESUME)


def keeps_place(session: Session) -> bool:
    """Whether the user of a session can continue after the server has stopped, and been started again."""
    return can_come_back(session) or (session.user is not None and bool(session.user.account))


@command("RESUME", params=1, anytime=True, way=Way.STEPS)
def resume(ctx: Context) -> None:
    """RESUME <token>

    Resume a guest's session after a lost connection. Clients do this for you.
    """
    if ctx.session.user:
        raise IrcError(Numeric.ERR_ALREADYREGISTERED)
    token = ctx.message.params[0]
    user = ctx.network.waiting.guest(token.partition(":")[0])
    if user is None:
        return
    if hmac.compare_digest(token.encode(), token_of(ctx.network, user, secure=False).encode()):
        ctx.session.registration.resumes = "" if ctx.network.waiting.needs_tls(user) else user.guest_id
    elif hmac.compare_digest(token.encode(), token_of(ctx.network, user, secure=True).encode()):
        if not ctx.session.secure:
            raise FailError("RESUME", "TLS_REQUIRED", text="That token was issued over TLS: connect with TLS to use it")
        ctx.session.registration.resumes = user.guest_id


def token_of(network: Network, user: User, *, secure: bool) -> str:
    """Return what proves that somebody is this user: their guest_id, a colon, and what only the server can make.

    secure: whether it is sent through TLS, and then it is of no use elsewhere.
    """
    what = f"resume {'through TLS ' if secure else ''}{user.guest_id}"
    proof = hmac.new(network.secret, what.encode(), hashlib.sha256).hexdigest()
    return f"{user.guest_id}:{proof}"


def former_self(ctx: Context) -> User | None:
    """Return the guest whom the sender has proved to be, if they are still here."""
    wanted = ctx.session.registration.resumes
    if not wanted or ctx.session.account:
        return None
    user = ctx.network.waiting.guest(wanted)
    if user is None or user.account or len(user.sessions) >= ctx.network.settings.accounts.sessions:
        return None
    return user


def makes_room(ctx: Context, holder: User) -> bool:
    """Whether the sender may have the nick of a guest: it is them, or the guest waits, and came from their address."""
    if former_self(ctx) is holder:
        return True
    return holder in ctx.network.waiting and not holder.account and holder.real_host == ctx.session.host


def disconnect(ctx: Context, user: User, farewell: str, reason: str) -> int:
    """End all connections of a user, and return how many; who waits to come back leaves, too.

    farewell: what their clients are told. reason: what others are told.
    """
    sessions = list(user.sessions)
    for session in sessions:
        ctx.close(session, farewell)
        leave(ctx, session, reason)
    if not sessions and user in ctx.network.waiting:
        depart(ctx, user, reason)
    return len(sessions)


def why_not_ended(ctx: Context, user: User) -> str:
    """Return why there is nothing of a user that `disconnect` could end, in words for an operator, "" if there is."""
    if user.sessions or user in ctx.network.waiting:
        return ""
    return f"{user.nick} is always on and has no connection now. To keep them out, ban the account a:{user.account}"


def take_place(ctx: Context, holder: User) -> None:
    """Let somebody who waits leave, since the sender is to have their nick."""
    depart(ctx, holder, _REASON)
