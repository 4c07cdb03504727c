"""Opening a channel to somebody, and asking for it: INVITE KNOCK. https://modern.ircdocs.horse/#invite-message"""

from greenchat.chat import policy
from greenchat.commands.core.announce import caused_by
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import find_any_channel, find_channel, find_user, require_member, require_rank
from greenchat.commands.core.registry import command
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric

# KNOCK is in no specification; its numerics are those that Solanum and InspIRCd share.
_KNOCK_PAUSE = 60_000  # ms between two knocks of one user, and at one channel


@command("INVITE")
def invite(ctx: Context) -> None:
    """INVITE [<nickname> <channel>]

    Ask somebody into a channel, whatever its modes say of them. Without parameters: where you have been invited.
    """
    if not ctx.message.params:
        for channel in map(ctx.network.channel, ctx.user.invitations):
            if channel is not None:
                ctx.reply(Numeric.RPL_INVITELIST, channel.name)
        ctx.reply(Numeric.RPL_ENDOFINVITELIST)
        return
    if len(ctx.message.params) < 2:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "INVITE")
    nick, name = ctx.message.params[:2]
    target = find_user(ctx, nick)
    channel = find_channel(ctx, name)
    require_member(ctx, channel)
    if target in channel.members:
        # "the server MUST reject the command with the ERR_USERONCHANNEL numeric", whoever sends it
        raise IrcError(Numeric.ERR_USERONCHANNEL, target.nick, channel.name)
    if "i" in channel.flags:
        require_rank(ctx, channel)
    ctx.network.invite(target, channel)
    ctx.reply(Numeric.RPL_INVITING, target.nick, channel.name)
    envelope = ctx.envelope("INVITE", target.nick, channel.name, source=ctx.user)
    ctx.deliver(target, envelope)
    # invite-notify: "the INVITE message ... to all clients supporting this capability on a channel"
    notice = ctx.envelope("INVITE", target.nick, channel.name, source=ctx.user, needs=caps.INVITE_NOTIFY)
    notice.msgid = envelope.msgid
    ctx.announce(channel, notice, about=ctx.user, to_sender=False)
    if target.away:
        ctx.reply(Numeric.RPL_AWAY, target.nick, target.away)


@command("KNOCK", params=1)
def knock(ctx: Context) -> None:
    """KNOCK <channel> [<message>]

    Ask those who can invite you into a channel to do so.
    """
    name, *rest = ctx.message.params
    channel = find_any_channel(ctx, name)
    user = ctx.user
    if user in channel.members:
        raise IrcError(Numeric.ERR_KNOCKONCHAN, channel.name)
    is_full = channel.limit and len(channel.members) >= channel.limit
    if not ("i" in channel.flags or channel.key or is_full):
        raise IrcError(Numeric.ERR_CHANOPEN, channel.name)
    if "K" in channel.flags:
        raise IrcError(Numeric.ERR_CANNOTKNOCK, channel.name)
    if policy.is_muted(user, channel):
        raise IrcError(Numeric.ERR_CANNOTSENDTOCHAN, channel.name)
    # what is later than now was noted before the clock was set back
    if 0 <= ctx.now - user.knocked < _KNOCK_PAUSE:
        raise IrcError(Numeric.ERR_TOOMANYKNOCK, channel.name, text="Too many KNOCKs (user).")
    if 0 <= ctx.now - channel.knocked < _KNOCK_PAUSE:
        raise IrcError(Numeric.ERR_TOOMANYKNOCK, channel.name)
    text = Numeric.RPL_KNOCK.text
    if rest and rest[0]:
        text = f"{text.removesuffix('.')}: {rest[0]}"
    # "The first parameter of most numerics is the target": here that is the channel
    envelope = caused_by(user, ctx.numeric(channel.name, Numeric.RPL_KNOCK, channel.name, user.source, text=text))
    require_fit(envelope)
    user.knocked = channel.knocked = ctx.now
    ctx.deliver_in(channel.ranked("h"), envelope)
    ctx.reply(Numeric.RPL_KNOCKDLVR, channel.name)
