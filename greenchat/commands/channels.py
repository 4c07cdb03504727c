"""Coming into a channel and leaving it: JOIN PART. https://modern.ircdocs.horse/#channel-operations"""

from ..chat import names, policy
from ..chat.channel import Channel
from ..protocol import caps
from ..protocol.numerics import Numeric
from .context import Context
from .listing import send_names
from .lookup import targets
from .registry import command
from .topic import send_topic


@command("JOIN", params=1)
def join(ctx: Context) -> None:
    """JOIN <channel>{,<channel>} [<key>{,<key>}] | JOIN 0."""
    wanted, *rest = ctx.message.params
    if wanted == "0":
        for channel in ctx.network.channels_of(ctx.user):
            leave_channel(ctx, channel, "")
        return
    keys = rest[0].split(",") if rest else []
    for number, name in enumerate(targets(wanted)):
        _join(ctx, name, keys[number] if number < len(keys) else "")


def _join(ctx: Context, name: str, key: str) -> None:
    limits = ctx.network.settings.limits
    user = ctx.user
    if not names.is_channel(name, limits.channel):
        ctx.reply(Numeric.ERR_NOSUCHCHANNEL, name or "*")
        return
    channel = ctx.network.channel(name)
    if channel is not None:
        if user in channel.members:
            return
        refusal = policy.may_join(user, channel, key)
        if refusal is not None:
            ctx.reply(refusal, channel.name)
            return
    if len(user.channels) >= limits.channels:
        ctx.reply(Numeric.ERR_TOOMANYCHANNELS, name)
        return
    channel = ctx.network.join(user, name, now=ctx.now)
    announce_join(ctx, channel)
    if channel.topic:
        send_topic(ctx, channel)
    if not ctx.session.caps & caps.NO_IMPLICIT_NAMES:
        send_names(ctx, channel)


def announce_join(ctx: Context, channel: Channel) -> None:
    """Tell everybody in a channel that the sender is in it now."""
    user = ctx.user
    extended = (channel.name, user.account or "*", user.realname)
    ctx.broadcast(channel, ctx.envelope("JOIN", channel.name, source=user, extended=extended))
    if user.away:
        # away-notify: "This also applies when a user joins and has an away message set"
        away = ctx.envelope("AWAY", user.away, source=user, needs=caps.AWAY_NOTIFY)
        ctx.broadcast(channel, away, to_sender=False)


@command("PART", params=1)
def part(ctx: Context) -> None:
    """PART <channel>{,<channel>} [<reason>]."""
    wanted, *rest = ctx.message.params
    for name in targets(wanted):
        channel = ctx.network.channel(name)
        if channel is None:
            ctx.reply(Numeric.ERR_NOSUCHCHANNEL, name)
        elif ctx.user not in channel.members:
            ctx.reply(Numeric.ERR_NOTONCHANNEL, channel.name)
        else:
            leave_channel(ctx, channel, rest[0] if rest else "")


def leave_channel(ctx: Context, channel: Channel, reason: str) -> None:
    """The sender parts, and everybody in the channel, the sender too, is told."""
    params = (channel.name, reason) if reason else (channel.name,)
    ctx.broadcast(channel, ctx.envelope("PART", *params, source=ctx.user))
    ctx.network.part(ctx.user, channel)
