"""Losing a connection that nobody wanted to end: who would leave with it has some time to come back unnoticed.

Whoever has an account comes back by logging in to it, a guest by the token that `resume` gave them. From the same
address another guest may have the name of one who waits, but nothing else of theirs.
"""

from greenchat.chat.always_on import stays
from greenchat.chat.user import User
from greenchat.commands.connection.quit import depart, leave
from greenchat.commands.core.context import Context
from greenchat.commands.core.steps import step
from greenchat.protocol.msgid import format_msgid

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


def makes_room(ctx: Context, holder: User) -> bool:
    """Whether the sender may have the nick of somebody who waits: a guest from the same address."""
    return holder in ctx.network.waiting and not holder.account and holder.real_host == ctx.session.host


def take_place(ctx: Context, holder: User) -> None:
    """Let somebody who waits leave, since the sender is to have their nick."""
    depart(ctx, holder, _REASON)
