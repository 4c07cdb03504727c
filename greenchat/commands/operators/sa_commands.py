"""SAMODE SAJOIN SAPART SANICK REMOVE CHGHOST: operators act in any channel and on any user.

They are not specified; names and parameters are InspIRCd's. Operators with mode +s are told of each use.
"""

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.chat.visibility import shown_host
from greenchat.commands.channels.channel_modes import channel_mode
from greenchat.commands.channels.join_part import enter, leave_channel
from greenchat.commands.connection.nick import change_nick, check_spelling
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.lookup import find_any_channel, find_user
from greenchat.commands.core.registry import command
from greenchat.commands.users.identity import set_host
from greenchat.protocol.numerics import Numeric
from greenchat.values import names


@command("SAMODE", params=2, right="samode")
def samode(ctx: Context) -> None:
    """SAMODE <channel> <modestring> [<arguments>...]

    Change the modes of any channel and its members.
    """
    channel = find_any_channel(ctx, ctx.message.params[0])
    channel_mode(ctx, channel, rank="q")
    act(ctx, "SAMODE", f"{ctx.nick} used SAMODE: {' '.join(ctx.message.params)}")


@command("SAJOIN", params=2, right="sajoin")
def sajoin(ctx: Context) -> None:
    """SAJOIN <nickname> <channel>

    Make a user join a channel, regardless of its modes.
    """
    target = find_user(ctx, ctx.message.params[0])
    name = ctx.message.params[1]
    if not names.is_channel(name, ctx.network.settings.limits.channel):
        raise IrcError(Numeric.ERR_BADCHANMASK, name)
    channel = ctx.network.channel(name)
    if channel is not None and target in channel.members:
        raise IrcError(Numeric.ERR_USERONCHANNEL, target.nick, channel.name)
    enter(ctx, target, name)
    act(ctx, "SAJOIN", f"{ctx.nick} joined {target.nick} to {name}")


@command("SAPART", params=2, right="sapart")
def sapart(ctx: Context) -> None:
    """SAPART <nickname> <channel> [<reason>]

    Make a user leave a channel.
    """
    target, channel = _member(ctx)
    leave_channel(ctx, target, channel, *ctx.message.params[2:3])
    act(ctx, "SAPART", f"{ctx.nick} parted {target.nick} from {channel.name}")


@command("REMOVE", params=2, right="remove")
def remove(ctx: Context) -> None:
    """REMOVE <nickname> <channel> [<reason>]

    Remove a user from a channel. Its members see who did it.
    """
    target, channel = _member(ctx)
    reason = f"Removed by {ctx.nick}: {(ctx.message.params[2:3] or ('No reason given',))[0]}"
    leave_channel(ctx, target, channel, reason[: ctx.network.settings.limits.kick])
    act(ctx, "REMOVE", f"{ctx.nick} removed {target.nick} from {channel.name}")


@command("SANICK", params=2, right="sanick")
def sanick(ctx: Context) -> None:
    """SANICK <nickname> <new nickname>

    Change a user's nickname.
    """
    network = ctx.network
    target = find_user(ctx, ctx.message.params[0])
    new_nick = ctx.message.params[1]
    before = target.nick
    check_spelling(network, new_nick)
    if network.holder(new_nick) not in (None, target):
        raise IrcError(Numeric.ERR_NICKNAMEINUSE, new_nick)
    if new_nick != before:
        change_nick(ctx, target, new_nick)
        act(ctx, "SANICK", f"{ctx.nick} changed the nickname of {before} to {new_nick}")


@command("CHGHOST", params=2, right="vhost")
def chghost(ctx: Context) -> None:
    """CHGHOST <nickname> <host>

    Change a user's visible host until they leave; `*` for the host restores their own. HostServ SET lasts.
    """
    target = find_user(ctx, ctx.message.params[0])
    new_host = ctx.message.params[1]
    host = shown_host(ctx.network, target.account, target.real_host) if new_host == "*" else new_host
    if not names.is_host(host, ctx.network.settings.limits.host):
        raise FailError("CHGHOST", "INVALID_HOST", new_host, text="That is not a valid host")
    before = target.host
    set_host(ctx, target, username=target.username, host=host)
    act(ctx, "CHGHOST", f"{ctx.nick} changed the host of {target.nick} from {before} to {host}")


def _member(ctx: Context) -> tuple[User, Channel]:
    """Return the named user and channel. Raises 401, 403 or 441."""
    target = find_user(ctx, ctx.message.params[0])
    channel = find_any_channel(ctx, ctx.message.params[1])
    if target not in channel.members:
        raise IrcError(Numeric.ERR_USERNOTINCHANNEL, target.nick, channel.name)
    return target, channel
