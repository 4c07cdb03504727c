"""TOPIC: shows and sets the topic of a channel. https://modern.ircdocs.horse/#topic-message"""

from collections.abc import Iterator

from greenchat.chat.channel import Channel, Topic
from greenchat.commands.core.channel_rate_limits import may_show_text
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit, require_readable_topic
from greenchat.commands.core.lookup import find_channel, require_member, require_rank
from greenchat.commands.core.persistence import store_changes
from greenchat.commands.core.registry import command
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric


@command("TOPIC", params=1, stores=2)
def topic(ctx: Context) -> None:
    """TOPIC <channel> [<topic>]

    Show or change the topic of a channel. An empty topic removes it.
    """
    channel = find_channel(ctx, ctx.message.params[0])
    if len(ctx.message.params) > 1:
        _set_topic(ctx, channel, ctx.message.params[1])
        return
    if channel.topic is None:
        ctx.reply(Numeric.RPL_NOTOPIC, channel.name)
    for envelope in topic_reply(ctx, ctx.nick, channel):
        ctx.respond(envelope)


def _set_topic(ctx: Context, channel: Channel, text: str) -> None:
    require_member(ctx, channel)
    if "t" in channel.flags:
        require_rank(ctx, channel)
    elif not channel.members[ctx.user] and not may_show_text(ctx, ctx.user, channel, "TOPIC", text):
        raise IrcError(Numeric.ERR_CANNOTSENDTOCHAN, channel.name, text="You can't speak in this channel")
    text = text[: ctx.network.settings.limits.topic]
    envelope = ctx.envelope("TOPIC", channel.name, text, source=ctx.user)
    require_fit(envelope)
    require_readable_topic(ctx.network.settings, channel.name, text)
    with store_changes(ctx, channel):
        channel.topic = Topic(text, ctx.user.source, ctx.now) if text else None
    ctx.broadcast(channel, envelope)


def topic_reply(ctx: Context, nick: str, channel: Channel) -> Iterator[Envelope]:
    """Yield the topic with its setter and time, for a reader with this nick; nothing without a topic."""
    topic = channel.topic
    if topic:
        yield ctx.numeric(nick, Numeric.RPL_TOPIC, channel.name, topic.text)
        setter = ctx.network.protection.cloaks.source(topic.setter)
        yield ctx.numeric(nick, Numeric.RPL_TOPICWHOTIME, channel.name, setter, str(topic.time // 1000))
