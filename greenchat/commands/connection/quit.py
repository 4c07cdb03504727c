"""Going: a connection ends, and with their last one somebody leaves, unless they are one of those who stay."""

from greenchat.chat.always_on import presence, stays
from greenchat.chat.user import Session, User
from greenchat.commands.connection.always_on import stay
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import forget_presence, keep_presences
from greenchat.commands.core.steps import step
from greenchat.commands.users.away import update_away
from greenchat.commands.users.monitor import tell_offline


@step("left")
def left(ctx: Context, reason: str) -> None:
    """The sender's connection has ended, whatever ended it."""
    leave(ctx, ctx.session, reason)
    ctx.network.disconnect(ctx.session)


@step("closing")
def close(ctx: Context, reason: str) -> None:
    """The server ends the sender's connection."""
    ctx.close(ctx.session, reason)


def leave(ctx: Context, session: Session, reason: str) -> None:
    """A session is gone: take it out of the state and tell each of its user's peers once."""
    leaver = session.user
    if leaver is None:
        return
    if len(leaver.sessions) > 1:
        ctx.network.disconnect(session)
        update_away(ctx, leaver)
        return
    if stays(ctx.network, leaver):
        ctx.network.disconnect(session)
        stay(ctx, leaver)
        return
    depart(ctx, leaver, reason)


def depart(ctx: Context, leaver: User, reason: str) -> None:
    """A user leaves for good: also one who would otherwise stay without a connection."""
    envelope = ctx.envelope("QUIT", reason, source=leaver)
    ctx.remember(envelope, *(channel for channel in ctx.network.channels_of(leaver) if channel.shows(leaver)))
    ctx.deliver_each(ctx.network.peers(leaver), envelope)
    ctx.network.remove(leaver, now=ctx.now)
    tell_offline(ctx, leaver.nick)
    if leaver.account:
        heir = presence(ctx.network, leaver.account)
        if heir is None:
            forget_presence(ctx, leaver.account_id)
        else:
            ctx.network.changed_presences[heir] = None
            keep_presences(ctx)
