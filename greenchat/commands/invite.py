"""INVITE: opening a channel to somebody. https://modern.ircdocs.horse/#invite-message"""

from ..chat import policy
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .lookup import find_channel, find_user, require_member
from .registry import command


@command("INVITE", params=2)
def invite(ctx: Context) -> None:
    """INVITE <nickname> <channel>."""
    nick, name = ctx.message.params[:2]
    target = find_user(ctx, nick)
    channel = find_channel(ctx, name)
    require_member(ctx, channel)
    if "i" in channel.flags and not policy.is_halfop(ctx.user, channel):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)
    if target in channel.members:
        raise IrcError(Numeric.ERR_USERONCHANNEL, target.nick, channel.name)
    channel.invited.add(target)
    ctx.reply(Numeric.RPL_INVITING, target.nick, channel.name)
    ctx.deliver(target, ctx.envelope("INVITE", target.nick, channel.name, source=ctx.user))
    if target.away:
        ctx.reply(Numeric.RPL_AWAY, target.nick, target.away)
