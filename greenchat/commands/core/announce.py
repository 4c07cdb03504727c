"""Announces changes of a user to the peers in channels, and to clients that monitor the user.

https://ircv3.net/specs/extensions/extended-monitor
"""

from greenchat.chat.user import Session, User
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
    ctx.deliver_each(ctx.network.peers(user), envelope)
    announce_to_monitors(ctx, user, envelope)


def announce_to_monitors(ctx: Context, user: User, envelope: Envelope) -> None:
    """Send to clients that monitor a user with extended-monitor and share no channel."""
    network = ctx.network
    for session in network.local.monitors.watchers(network.fold(user.nick)):
        if session.caps & caps.EXTENDED_MONITOR and not _is_near(ctx, session, user):
            ctx.send(session, envelope)


def _is_near(ctx: Context, session: Session, user: User) -> bool:
    """Whether the session gets the announcement as a peer's, or as the user's own."""
    watcher = session.user
    if watcher is None or watcher is user:
        return True
    return any(watcher in channel.members and channel.sees(watcher, user) for channel in ctx.network.channels_of(user))
