"""NICK: setting and changing a nickname. https://modern.ircdocs.horse/#nick-message"""

from greenchat.chat import policy
from greenchat.chat.network import Network
from greenchat.chat.user import User
from greenchat.commands.accounts.nick_ownership import owns, why_not_nick
from greenchat.commands.connection.ban_enforcement import ban_of, banish
from greenchat.commands.connection.lost import makes_room
from greenchat.commands.connection.reattach import reunite
from greenchat.commands.connection.registration import complete_registration
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.commands.users.monitor import tell_offline, tell_online
from greenchat.protocol.numerics import Numeric


@command("NICK", anytime=True, notes=1)
def nick(ctx: Context) -> Continuation | None:
    """NICK <nickname>

    Set or change your nickname. If it is your own account's and stays here without a connection, you resume it.
    """
    wish = ctx.message.params[0] if ctx.message.params else ""
    if not wish:
        raise IrcError(Numeric.ERR_NONICKNAMEGIVEN)
    session = ctx.session
    if ctx.network.settings.accounts.force_nick and session.user and session.user.account:
        raise IrcError(Numeric.ERR_CANTCHANGENICK, text="On this server your nickname must be your account's name")
    holder = ctx.network.holder(wish)
    if session.user is not None and holder is not None and not holder.sessions and owns(ctx, holder):
        reunite(ctx, holder)  # the sender's own user, always-on without a connection
        return None
    check_nick(ctx, wish)
    if session.user is None:
        session.registration.nick = wish
        return complete_registration(ctx)
    if wish != session.user.nick:
        _check_bans(ctx, session.user, wish)
        change_nick(ctx, session.user, wish)
        ban = None if "o" in session.user.modes else ban_of(ctx, session)
        if ban is not None:
            banish(ctx, session, ban)
    return None


def check_nick(ctx: Context, wish: str) -> None:
    """Check that the sender can use this nick. Raises 432 or 433."""
    network = ctx.network
    check_spelling(network, wish)
    holder = network.holder(wish)
    session = ctx.session
    if session.user is None and session.registration.negotiating and holder is not None and holder.account:
        return  # it may be about to log in to this account: `complete_registration` checks again
    is_free = holder is None or holder is session.user
    if holder is not None and session.user is None:
        is_free = owns(ctx, holder) or makes_room(ctx, holder)
    if not is_free:
        raise IrcError(Numeric.ERR_NICKNAMEINUSE, wish)
    refusal = why_not_nick(ctx, wish)
    if refusal and session.user is not None:
        raise IrcError(Numeric.ERR_NICKNAMEINUSE, wish, text=refusal)


def check_spelling(network: Network, wish: str) -> None:
    """Check that this is a valid nickname. Raises 432 with the rules."""
    limit = network.settings.limits.nick
    if not network.naming.is_nick(wish, limit):
        text = f"A nickname has at most {limit} letters, digits, - and _, begins with a letter, and is not a service's"
        raise IrcError(Numeric.ERR_ERRONEUSNICKNAME, wish, text=text)


def change_nick(ctx: Context, user: User, wish: str) -> None:
    """Rename a user, and tell everybody who shares a channel or monitors either nick."""
    network = ctx.network
    before = user.nick
    envelope = ctx.envelope("NICK", wish, source=user)
    ctx.remember(envelope, *(channel for channel in network.channels_of(user) if channel.shows(user)))
    network.rename(user, wish, now=ctx.now, msgid=envelope.msgid)
    ctx.deliver(user, envelope)
    ctx.deliver_each(network.peers(user), envelope)
    if network.fold(before) != network.fold(wish):
        tell_offline(ctx, before)
        tell_online(ctx, user)


def _check_bans(ctx: Context, user: User, wish: str) -> None:
    """Check that a banned user does not evade the mask with another nick; voice overrides a ban."""
    network = ctx.network
    if network.fold(wish) == network.fold(user.nick):
        return
    for channel in network.channels_of(user):
        if not channel.members[user] and policy.is_muted(user, channel):
            text = f"You can't change your nickname while you are banned from {channel.name}"
            raise IrcError(Numeric.ERR_UNAVAILRESOURCE, wish, text=text)
