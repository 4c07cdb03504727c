"""INVITE and KNOCK: invitations, and requests for them. https://modern.ircdocs.horse/#invite-message"""

from collections.abc import Iterable

from greenchat.chat import policy
from greenchat.chat.channel import Channel
from greenchat.chat.user import Invitation, User
from greenchat.commands.core.announce import caused_by
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import (
    find_any_channel,
    find_channel,
    find_user,
    hidden,
    require_member,
    require_rank,
)
from greenchat.commands.core.registry import command
from greenchat.commands.users.message_acceptance import accepts_text, would_accept_text
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.msgid import time_of
from greenchat.protocol.numerics import Numeric

# KNOCK is not specified; its numerics are those of Solanum and InspIRCd.
_MINUTE = 60_000  # ms
_SAME_AGAIN = 300_000  # ms between two invitations of a user to one channel, until they join
_A_MINUTE = 10  # invitations of one user
_KNOCK_PAUSE = 60_000  # ms between two knocks of one user, and at one channel


@command("INVITE")
def invite(ctx: Context) -> None:
    """INVITE [<nickname> <channel>]

    Invite a user to a channel, regardless of its modes. Without parameters: list your invitations.
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
        # "the server MUST reject the command with the ERR_USERONCHANNEL numeric", from any sender
        raise IrcError(Numeric.ERR_USERONCHANNEL, target.nick, channel.name)
    if "i" in channel.flags:
        require_rank(ctx, channel)
    if not (accepts_text(ctx, target) and _is_in_measure(ctx, target, channel)):
        return
    ctx.reply(Numeric.RPL_INVITING, target.nick, channel.name)
    envelope = send_invitation(ctx, target, channel)
    # invite-notify: "the INVITE message ... to all clients supporting this capability on a channel"
    notice = ctx.envelope("INVITE", target.nick, channel.name, source=ctx.user, needs=caps.INVITE_NOTIFY)
    notice.msgid = envelope.msgid
    ctx.announce(channel, notice, about=ctx.user, to_sender=False)
    if target.away:
        ctx.reply(Numeric.RPL_AWAY, target.nick, target.away)


def send_invitation(ctx: Context, target: User, channel: Channel) -> Envelope:
    """Let a user join once, and send the invitation; an always-on user gets it on returning."""
    envelope = ctx.envelope("INVITE", target.nick, channel.name, source=ctx.user)
    ctx.network.invite(target, channel, Invitation(ctx.user.source, envelope.msgid))
    ctx.deliver(target, envelope)
    return envelope


def end_invitations(ctx: Context, channel: Channel, changes: Iterable[ModeChange]) -> None:
    """End the invitations of users whom these changes have banned.

    RFC 2811, 4.3.1: "A user who is banned from a channel and who carries an invitation sent by a channel operator is
    allowed to join the channel." That is a user who is invited in spite of the ban, not one who is banned afterwards.
    """
    texts = {change.parameter for change in changes if change.adding and change.letter == "b"}
    bans = [each.mask for each in channel.lists.get("b", ()) if each.mask.text in texts and not each.mask.mutes]
    exceptions = channel.lists.get("e")
    for guest in list(channel.invited) if bans else ():
        is_banned = any(mask.means(guest, channel.mask_fold) for mask in bans)
        if is_banned and not (exceptions and exceptions.means(guest)):
            ctx.network.uninvite(guest, ctx.network.fold(channel.name))


def _is_in_measure(ctx: Context, target: User, channel: Channel) -> bool:
    """Whether an invitation is allowed: not a repetition, and within the limit. If not, the sender is told."""
    user = ctx.user
    before = target.invitations.get(ctx.network.fold(channel.name))
    if before and before.msgid and 0 <= ctx.now - time_of(before.msgid) < _SAME_AGAIN:
        text = f"{target.nick} has already been invited to {channel.name}"
        ctx.reply(Numeric.RPL_TRYAGAIN, "INVITE", text=text)
        return False
    recent = [time for time in user.inviting if 0 <= ctx.now - time < _MINUTE]
    if len(recent) >= _A_MINUTE:
        ctx.reply(Numeric.RPL_TRYAGAIN, "INVITE", text="Too many invitations: try again in a minute")
        return False
    user.inviting = (*recent, ctx.now)
    return True


@command("KNOCK", params=1)
def knock(ctx: Context) -> None:
    """KNOCK <channel> [<message>]

    Ask for an invitation to a channel.
    """
    name, *rest = ctx.message.params
    channel, user = find_any_channel(ctx, name), ctx.user
    refusal = _why_not_knock(ctx, channel)
    if refusal is not None:
        raise hidden(ctx, channel, name, refusal)  # KNOCK must not reveal more than a refused JOIN
    text = Numeric.RPL_KNOCK.text
    bare = words = _knock(ctx, channel, text)
    if rest and rest[0]:
        words = _knock(ctx, channel, f"{text.removesuffix('.')}: {rest[0]}")
    require_fit(words)
    user.knocked = channel.knocked = ctx.now
    for member in channel.ranked("h"):  # members who do not accept the sender's text get the knock without it
        ctx.deliver(member, words if would_accept_text(ctx, member) else bare)
    ctx.reply(Numeric.RPL_KNOCKDLVR, channel.name)


def _knock(ctx: Context, channel: Channel, text: str) -> Envelope:
    # "The first parameter of most numerics is the target": here that is the channel
    return caused_by(ctx.user, ctx.numeric(channel.name, Numeric.RPL_KNOCK, channel.name, ctx.user.source, text=text))


def _why_not_knock(ctx: Context, channel: Channel) -> IrcError | None:
    user = ctx.user
    if user in channel.members:
        return IrcError(Numeric.ERR_KNOCKONCHAN, channel.name)
    is_full = channel.limit and len(channel.members) >= channel.limit
    if not ("i" in channel.flags or channel.key or is_full):
        return IrcError(Numeric.ERR_CHANOPEN, channel.name)
    if "K" in channel.flags:
        return IrcError(Numeric.ERR_CANNOTKNOCK, channel.name)
    if policy.is_muted(user, channel):
        return IrcError(Numeric.ERR_CANNOTSENDTOCHAN, channel.name)
    # a time in the future is from before the clock was set back
    if 0 <= ctx.now - user.knocked < _KNOCK_PAUSE:
        return IrcError(Numeric.ERR_TOOMANYKNOCK, channel.name, text="Too many KNOCKs (user).")
    if 0 <= ctx.now - channel.knocked < _KNOCK_PAUSE:
        return IrcError(Numeric.ERR_TOOMANYKNOCK, channel.name)
    if not any(member.sessions for member in channel.ranked("h")):
        return IrcError(Numeric.ERR_CANNOTKNOCK, channel.name, text="Nobody in the channel can invite you")
    return None
