"""Announces changes of a user to the peers in channels, and to clients that monitor the user.

https://ircv3.net/specs/extensions/extended-monitor
"""

from collections.abc import Collection

from greenchat.chat.broadcast import broadcast_once
from greenchat.chat.channel import Channel
from greenchat.chat.user import Session, User
from greenchat.commands.core.channel_rate_limits import may_show_text
from greenchat.commands.core.context import Context
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope


def caused_by(user: User, numeric: Envelope) -> Envelope:
    """Return a numeric about an action of a user, with the tags of that user.

    account-tag: "The tag also MUST be added by the ircd to all numerics directly caused by the sender"; bot-mode says
    the same of its tag.
    """
    numeric.account = user.account
    numeric.bot = "B" in user.modes
    return numeric


def announce(ctx: Context, user: User, envelope: Envelope) -> None:
    """Send to everybody who shares a channel with a user, once, and to those who monitor them with extended-monitor.

    The envelope's `needs` says who understands it. The user's own sessions are left to the caller.
    """
    tell_peers(ctx, user, envelope)
    announce_to_monitors(ctx, user, envelope)


def announce_text(ctx: Context, user: User, envelope: Envelope, without: Envelope | None) -> None:
    """Announce a message whose last parameter is a text of the user, as `announce` does.

    without: for peers who share only channels in which the user may not speak; None: they get nothing.
    """
    message = envelope.message
    channels = ctx.network.channels_of(user)
    shown = [each for each in channels if may_show_text(ctx, user, each, message.command, message.params[-1])]
    tell_text(ctx, user, envelope, without, shown)
    announce_to_monitors(ctx, user, envelope)


def tell_text(
    ctx: Context, user: User, envelope: Envelope, without: Envelope | None, shown: Collection[Channel]
) -> None:
    """Send to everybody who shares a channel with a user, once. shown: the channels in which the user may speak.

    without: for users who are in none of these; None: they get nothing.
    """
    if len(shown) == len(user.channels):
        tell_peers(ctx, user, envelope)
        return
    readers = {member for channel in shown for member in channel.witnesses(user)}
    for peer in ctx.network.peers(user):
        message = envelope if peer in readers else without
        if message is not None:
            ctx.deliver(peer, message)


def tell_peers(ctx: Context, user: User, envelope: Envelope) -> None:
    """Send to everybody who shares a channel with a user and sees them there, once."""
    channels = ctx.network.channels_of(user)
    if not all(channel.shows(user) for channel in channels):
        ctx.deliver_each(ctx.network.peers(user), envelope)
        return
    skipped = {session.outbox for session in user.sessions}
    sender = ctx.session
    is_peer = sender.user is not user and any(sender.user in channel.members for channel in channels)
    if is_peer:
        skipped.add(sender.outbox)
    broadcast_once([channel.group for channel in channels], envelope, skipped)
    if is_peer:
        ctx.send(sender, envelope)  # as a part of the answer


def announce_to_monitors(ctx: Context, user: User, envelope: Envelope) -> None:
    """Send to clients that monitor a user with extended-monitor and share no channel."""
    network = ctx.network
    for session in network.local.monitors.watchers(network.fold(user.nick)):
        if session.caps & caps.EXTENDED_MONITOR and not _gets_announcement(ctx, session, user):
            ctx.send(session, envelope)


def _gets_announcement(ctx: Context, session: Session, user: User) -> bool:
    """Whether the session gets the announcement as a peer's, or as the user's own."""
    watcher = session.user
    if watcher is None or watcher is user:
        return True
    return any(watcher in channel.members and channel.sees(watcher, user) for channel in ctx.network.channels_of(user))
