"""The end of a connection: its user leaves with the last one, unless always-on."""

from greenchat.chat.always_on import presence, stays
from greenchat.chat.user import Session, User
from greenchat.commands.connection.always_on import stay
from greenchat.commands.core.announce import tell_text
from greenchat.commands.core.channel_rate_limits import may_show_text
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import forget_presence, keep_presences
from greenchat.commands.core.steps import step
from greenchat.commands.users.away import update_away
from greenchat.commands.users.monitor import tell_offline

OWN_WORDS = "Quit: "
"""The prefix of a reason that a user has given."""


@step("left")
def on_disconnect(ctx: Context, reason: str) -> None:
    """Handle the end of the sender's connection."""
    remove_session(ctx, ctx.session, reason)
    ctx.network.disconnect(ctx.session)


@step("closing")
def close_connection(ctx: Context, reason: str) -> None:
    """Close the sender's connection."""
    ctx.close(ctx.session, reason)


def remove_session(ctx: Context, session: Session, reason: str) -> None:
    """Remove a session from the state, and tell each of its user's peers once."""
    user = session.user
    if user is None:
        return
    if len(user.sessions) > 1:
        ctx.network.disconnect(session)
        update_away(ctx, user)
        return
    if stays(ctx.network, user):
        ctx.network.disconnect(session)
        stay(ctx, user)
        return
    remove_user(ctx, user, reason)


def _tell(ctx: Context, user: User, reason: str) -> None:
    """Tell each peer once. The user's own words go only to channels in which the user may speak."""
    shown = {channel: channel.shows(user) for channel in ctx.network.channels_of(user)}
    audible = {
        each for each in shown if not reason.startswith(OWN_WORDS) or may_show_text(ctx, user, each, "QUIT", reason)
    }
    envelope = ctx.envelope("QUIT", reason, source=user)
    ctx.remember(envelope, *(channel for channel, is_shown in shown.items() if is_shown and channel in audible))
    without = None
    if len(audible) < len(shown):
        without = ctx.envelope("QUIT", OWN_WORDS, source=user)
        ctx.remember(without, *(channel for channel, is_shown in shown.items() if is_shown and channel not in audible))
    tell_text(ctx, user, envelope, without, audible)


def remove_user(ctx: Context, user: User, reason: str) -> None:
    """Remove a user for good, even an always-on one."""
    _tell(ctx, user, reason)
    ctx.network.remove(user, now=ctx.now)
    tell_offline(ctx, user.nick)
    if user.account:
        remaining = presence(ctx.network, user.account)
        if remaining is None:
            forget_presence(ctx, user.account_id)
        else:
            ctx.network.local.changed_presences[remaining] = None
            keep_presences(ctx)
