"""KICK: removing users from a channel. https://modern.ircdocs.horse/#kick-message"""

from greenchat.chat import ranks
from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import find_channel, require_member, require_rank, targets
from greenchat.commands.core.registry import command
from greenchat.protocol.numerics import Numeric


@command("KICK", params=2, notes=2)
def kick(ctx: Context) -> None:
    """KICK <channel>{,<channel>} <nickname>{,<nickname>} [<comment>]

    Kick users from a channel, or each user from the channel at the same position. Requires half-operator.
    """
    channels, nicks, *rest = ctx.message.params
    names, kicked = targets(channels), targets(nicks)
    if len(names) == 1:
        names *= len(kicked)
    if not kicked or len(names) != len(kicked):
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "KICK")
    comment = (rest[0] if rest and rest[0] else ctx.nick)[: ctx.network.settings.limits.kick]
    for name, nick in zip(names, kicked, strict=True):
        try:
            _kick(ctx, name, nick, comment)
        except IrcError as error:
            ctx.refuse(error)


def _kick(ctx: Context, name: str, nick: str, comment: str) -> None:
    channel = find_channel(ctx, name)
    require_member(ctx, channel)
    require_rank(ctx, channel)
    target = ctx.network.user(nick)
    if target is None or target not in channel.members:
        raise IrcError(Numeric.ERR_USERNOTINCHANNEL, nick, channel.name)
    if target is not ctx.user and not ranks.may_act_on(channel.members[ctx.user], channel.members[target]):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name, text=f"Your rank is too low to kick {target.nick}")
    kick_member(ctx, channel, target, comment, by=ctx.user)
    note(ctx, "KICK", f"{ctx.nick} kicked {target.source} from {channel.name}: {comment}")


def kick_member(ctx: Context, channel: Channel, target: User, comment: str, by: User | None = None) -> None:
    """Kick a member, and tell all who see the member there. by: None for the server.

    Raises 417 if the comment does not fit into a line.
    """
    envelope = ctx.envelope("KICK", channel.name, target.nick, comment, source=by)
    require_fit(envelope)
    ctx.announce(channel, envelope, about=target)
    ctx.network.part(target, channel)
