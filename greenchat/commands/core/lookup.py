"""What handlers look up before they act, and the numeric that says what was not there."""

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.numerics import Numeric


def find_channel(ctx: Context, name: str) -> Channel:
    """The channel of that name; raises 403, also for a secret one of others: to them "the server will act as if the
    channel does not exist" (RFC 2811, section 4.2.6)."""
    channel = ctx.network.channel(name)
    if channel is None or not channel.is_visible_to(ctx.user):
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    return channel


def find_any_channel(ctx: Context, name: str) -> Channel:
    """The same, for those who have been told of a secret channel, or may know of all. Raises 403."""
    channel = ctx.network.channel(name)
    if channel is None:
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    return channel


def find_user(ctx: Context, nick: str) -> User:
    """The user of that nick; raises 401."""
    user = ctx.network.user(nick)
    if user is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    return user


def require_member(ctx: Context, channel: Channel) -> None:
    """Raises 442 unless the sender is in the channel."""
    if ctx.user not in channel.members:
        raise IrcError(Numeric.ERR_NOTONCHANNEL, channel.name)


def require_rank(ctx: Context, channel: Channel, letter: str = "h") -> None:
    """Raises 482 unless the sender has this rank in the channel, or a higher one."""
    if not channel.is_at_least(ctx.user, letter):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)


def targets(listed: str) -> list[str]:
    """The parts of a list with commas; empty ones are nothing."""
    return [name for name in listed.split(",") if name]
