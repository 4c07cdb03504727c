"""TOPIC: what a channel is about. https://modern.ircdocs.horse/#topic-message"""

from ..chat import policy
from ..chat.channel import Channel, Topic
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .lookup import find_channel, require_member
from .registry import command


@command("TOPIC", params=1)
def topic(ctx: Context) -> None:
    """TOPIC <channel> [<topic>]."""
    channel = find_channel(ctx, ctx.message.params[0])
    if len(ctx.message.params) == 1:
        if not channel.is_visible_to(ctx.user):
            raise IrcError(Numeric.ERR_NOTONCHANNEL, channel.name)
        if channel.topic is None:
            ctx.reply(Numeric.RPL_NOTOPIC, channel.name)
        else:
            send_topic(ctx, channel)
        return
    require_member(ctx, channel)
    if "t" in channel.flags and not policy.is_halfop(ctx.user, channel):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)
    text = ctx.message.params[1][: ctx.network.settings.limits.topic]
    channel.topic = Topic(text, ctx.user.source, ctx.now) if text else None
    ctx.broadcast(channel, ctx.envelope("TOPIC", channel.name, text, source=ctx.user))


def send_topic(ctx: Context, channel: Channel) -> None:
    """The topic, and who set it and when."""
    if channel.topic:
        ctx.reply(Numeric.RPL_TOPIC, channel.name, channel.topic.text)
        ctx.reply(Numeric.RPL_TOPICWHOTIME, channel.name, channel.topic.setter, str(channel.topic.time // 1000))
