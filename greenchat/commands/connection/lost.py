"""Losing a connection that nobody wanted to end: who would leave with it has some time to come back unnoticed.

Whoever has an account comes back by logging in to it, a guest by a token: clients with the capability greenchat/resume
get one with the welcome (`RESUME <token>`) and give it back when they connect again, before NICK. From the same address
another guest may have the name of one who waits, but nothing else of theirs.
"""

import hashlib
import hmac

from greenchat.chat.always_on import stays
from greenchat.chat.network import Network
from greenchat.chat.user import User
from greenchat.commands.connection.quit import depart, leave
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.numerics import Numeric

_AT_ONCE = 100  # who leave in one step: thousands at once would hold up everybody else
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
    user.left, user.last_seen = ctx.now, format_msgid(ctx.new_id())
    network.waiting.add(user, ctx.now + grace)


@step("given up")
def give_up(ctx: Context) -> None:
    """Let those leave who did not come back in time, or the first of them if they are many."""
    for user in ctx.network.waiting.over(ctx.now)[:_AT_ONCE]:
        depart(ctx, user, _REASON)


@command("RESUME", params=1, anytime=True, way=Way.STEPS)
def resume(ctx: Context) -> None:
    """RESUME <token>

    Go on as the guest that you were before the server was upgraded. Programs do this for you.
    """
    if ctx.session.user:
        raise IrcError(Numeric.ERR_ALREADYREGISTERED)
    token = ctx.message.params[0]
    user = ctx.network.waiting.guest(token.partition(":")[0])
    if user and hmac.compare_digest(token.encode(), token_of(ctx.network, user).encode()):
        ctx.session.resumes = user.guest_id


def token_of(network: Network, user: User) -> str:
    """Return what proves that somebody is this user: their guest_id, a colon, and what only the server can make."""
    proof = hmac.new(network.secret, f"resume {user.guest_id}".encode(), hashlib.sha256).hexdigest()
    return f"{user.guest_id}:{proof}"


def former_self(ctx: Context) -> User | None:
    """Return the guest who waits and whom the sender has proved to be."""
    wanted = ctx.session.resumes
    if not wanted or ctx.session.account:
        return None
    user = ctx.network.waiting.guest(wanted)
    return user if user and not user.account else None


def makes_room(ctx: Context, holder: User) -> bool:
    """Whether the sender may have the nick of a guest who waits: it is them, or comes from the same address."""
    if holder not in ctx.network.waiting or holder.account:
        return False
    return holder.guest_id == ctx.session.resumes or holder.real_host == ctx.session.host


def take_place(ctx: Context, holder: User) -> None:
    """Let somebody who waits leave, since the sender is to have their nick."""
    depart(ctx, holder, _REASON)
