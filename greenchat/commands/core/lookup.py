"""Look-ups for handlers, which raise the numeric if a target does not exist."""

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.numerics import Numeric
from greenchat.values.masks import glob


def find_channel(ctx: Context, name: str) -> Channel:
    """Return the channel of this name. Raises 403.

    Also for a secret channel: to users outside it "the server will act as if the channel does not exist" (RFC 2811,
    section 4.2.6).
    """
    channel = ctx.network.channel(name)
    if channel is None or not channel.is_visible_to(ctx.user):
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    return channel


def find_any_channel(ctx: Context, name: str) -> Channel:
    """Return the channel of this name, even a secret one. Raises 403."""
    channel = ctx.network.channel(name)
    if channel is None:
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    return channel


def hidden(ctx: Context, channel: Channel, name: str, refusal: IrcError) -> IrcError:
    """Return a refusal, or 403 if the refusal would reveal a secret channel to a user outside it."""
    return refusal if channel.is_visible_to(ctx.user) else IrcError(Numeric.ERR_NOSUCHCHANNEL, name)


def find_user(ctx: Context, nick: str) -> User:
    """Return the user of that nick. Raises 401."""
    user = ctx.network.user(nick)
    if user is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    return user


def require_member(ctx: Context, channel: Channel) -> None:
    """Check that the sender is in the channel. Raises 442."""
    if ctx.user not in channel.members:
        raise IrcError(Numeric.ERR_NOTONCHANNEL, channel.name)


def require_rank(ctx: Context, channel: Channel, letter: str = "h") -> None:
    """Check that the sender has this rank in the channel, or a higher one. Raises 482."""
    if not channel.is_at_least(ctx.user, letter):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)


def targets(listed: str) -> list[str]:
    """Return the items of a list with commas; empty ones are ignored."""
    return [name for name in listed.split(",") if name]


def require_this_server(ctx: Context, position: int = 0) -> None:
    """Check a server parameter, if given. Raises 402 unless it means this server, or a user on it."""
    target = ctx.message.params[position] if len(ctx.message.params) > position else ""
    if target and not glob(target, ctx.network.settings.name) and ctx.network.user(target) is None:
        raise IrcError(Numeric.ERR_NOSUCHSERVER, target)
