"""The end of a connection: its user leaves with the last one, unless always-on."""

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
    """Handle the end of the sender's connection."""
    leave(ctx, ctx.session, reason)
    ctx.network.disconnect(ctx.session)


@step("closing")
def close(ctx: Context, reason: str) -> None:
    """Close the sender's connection."""
    ctx.close(ctx.session, reason)


def leave(ctx: Context, session: Session, reason: str) -> None:
    """Remove a session from the state, and tell each of its user's peers once."""
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
    """Remove a user for good, even an always-on one."""
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
            ctx.network.local.changed_presences[heir] = None
            keep_presences(ctx)
