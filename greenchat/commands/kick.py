"""KICK: putting somebody out of a channel. https://modern.ircdocs.horse/#kick-message"""

from ..protocol.numerics import Numeric
from .context import Context
from .lookup import find_channel, require_operator, targets
from .registry import command


@command("KICK", params=2)
def kick(ctx: Context) -> None:
    """KICK <channel> <user> [<comment>]."""
    name, nicks, *rest = ctx.message.params
    channel = find_channel(ctx, name)
    require_operator(ctx, channel)
    comment = (rest[0] if rest and rest[0] else ctx.nick)[: ctx.network.settings.limits.kick]
    for nick in targets(nicks):
        target = ctx.network.user(nick)
        if target is None or target not in channel.members:
            ctx.reply(Numeric.ERR_USERNOTINCHANNEL, nick, channel.name)
            continue
        ctx.broadcast(channel, ctx.envelope("KICK", channel.name, target.nick, comment, source=ctx.user))
        ctx.network.part(target, channel)
