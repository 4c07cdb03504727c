"""NICK: setting and changing a nickname. https://modern.ircdocs.horse/#nick-message"""

from greenchat.chat import policy
from greenchat.chat.network import Network
from greenchat.chat.user import User
from greenchat.commands.accounts.nick_ownership import owns, why_not_nick
from greenchat.commands.connection.ban_enforcement import ban_of, disconnect_banned
from greenchat.commands.connection.lost_connections import may_take_nick
from greenchat.commands.connection.reattach import reattach
from greenchat.commands.connection.registration import complete_registration
from greenchat.commands.core.announce import tell_peers
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
    new_nick = ctx.message.params[0] if ctx.message.params else ""
    if not new_nick:
        raise IrcError(Numeric.ERR_NONICKNAMEGIVEN)
    session = ctx.session
    if ctx.network.settings.accounts.force_nick and session.user and session.user.account:
        raise IrcError(Numeric.ERR_CANTCHANGENICK, text="On this server your nickname must be your account's name")
    holder = ctx.network.holder(new_nick)
    if session.user is not None and holder is not None and not holder.sessions and owns(ctx, holder):
        reattach(ctx, holder)  # the sender's own user, always-on without a connection
        return None
    check_nick(ctx, new_nick)
    if session.user is None:
        session.registration.nick = new_nick
        return complete_registration(ctx)
    if new_nick != session.user.nick:
        _check_bans(ctx, session.user, new_nick)
        change_nick(ctx, session.user, new_nick)
        ban = None if "o" in session.user.modes else ban_of(ctx, session)
        if ban is not None:
            disconnect_banned(ctx, session, ban)
    return None


def check_nick(ctx: Context, new_nick: str) -> None:
    """Check that the sender can use this nick. Raises 432 or 433."""
    network = ctx.network
    check_spelling(network, new_nick)
    holder = network.holder(new_nick)
    session = ctx.session
    if session.user is None and session.registration.negotiating and holder is not None and holder.account:
        return  # the client may be about to log in to this account: `complete_registration` checks again
    is_free = holder is None or holder is session.user
    if holder is not None and session.user is None:
        is_free = owns(ctx, holder) or may_take_nick(ctx, holder)
    if not is_free:
        raise IrcError(Numeric.ERR_NICKNAMEINUSE, new_nick)
    refusal = why_not_nick(ctx, new_nick)
    if refusal and session.user is not None:
        raise IrcError(Numeric.ERR_NICKNAMEINUSE, new_nick, text=refusal)


def check_spelling(network: Network, new_nick: str) -> None:
    """Check that this is a valid nickname. Raises 432 with the rules."""
    limit = network.settings.limits.nick
    if not network.naming.is_nick(new_nick, limit):
        text = f"A nickname has at most {limit} letters, digits, - and _, begins with a letter, and is not a service's"
        raise IrcError(Numeric.ERR_ERRONEUSNICKNAME, new_nick, text=text)


def change_nick(ctx: Context, user: User, new_nick: str) -> None:
    """Rename a user, and tell everybody who shares a channel or monitors either nick."""
    network = ctx.network
    before = user.nick
    envelope = ctx.envelope("NICK", new_nick, source=user)
    ctx.remember(envelope, *(channel for channel in network.channels_of(user) if channel.shows(user)))
    network.rename(user, new_nick, now=ctx.now, msgid=envelope.msgid)
    ctx.deliver(user, envelope)
    tell_peers(ctx, user, envelope)
    if network.fold(before) != network.fold(new_nick):
        tell_offline(ctx, before)
        tell_online(ctx, user)


def _check_bans(ctx: Context, user: User, new_nick: str) -> None:
    """Check that a banned user does not evade the mask with another nick; voice overrides a ban."""
    network = ctx.network
    if network.fold(new_nick) == network.fold(user.nick):
        return
    for channel in network.channels_of(user):
        if not channel.members[user] and policy.is_muted(user, channel):
            text = f"You can't change your nickname while you are banned from {channel.name}"
            raise IrcError(Numeric.ERR_UNAVAILRESOURCE, new_nick, text=text)
