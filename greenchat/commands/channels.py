"""Being in a channel: JOIN PART TOPIC NAMES LIST KICK INVITE. https://modern.ircdocs.horse/#channel-operations"""

from collections.abc import Iterator

from ..chat import names, policy
from ..chat.channel import Channel, Topic
from ..chat.user import User
from ..protocol import caps
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .registry import command

_NAMES_LINE = 400  # characters of nicks that go into one line of 353 with room for the rest of it


@command("JOIN", params=1)
def join(ctx: Context) -> None:
    """JOIN <channel>{,<channel>} [<key>{,<key>}] | JOIN 0."""
    wanted, *rest = ctx.message.params
    if wanted == "0":
        for channel in ctx.network.channels_of(ctx.user):
            leave_channel(ctx, channel, "")
        return
    keys = rest[0].split(",") if rest else []
    for number, name in enumerate(_targets(wanted)):
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
    for name in _targets(wanted):
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


@command("NAMES")
def names_(ctx: Context) -> None:
    """NAMES <channel>."""
    name = ctx.message.params[0] if ctx.message.params else "*"
    channel = ctx.network.channel(name)
    if channel is None or not channel.is_visible_to(ctx.user):
        ctx.reply(Numeric.RPL_ENDOFNAMES, name or "*")
    else:
        send_names(ctx, channel)


def send_names(ctx: Context, channel: Channel) -> None:
    """Who is in a channel, with the symbols of their member modes."""
    symbol = "@" if "s" in channel.flags else "="
    for line in _names_lines(ctx, channel):
        ctx.reply(Numeric.RPL_NAMREPLY, symbol, channel.name, line)
    ctx.reply(Numeric.RPL_ENDOFNAMES, channel.name)


def _names_lines(ctx: Context, channel: Channel) -> Iterator[str]:
    table = ctx.network.settings.mode_table
    all_prefixes = bool(ctx.session.caps & caps.MULTI_PREFIX)
    with_host = bool(ctx.session.caps & caps.USERHOST_IN_NAMES)
    sees_invisible = ctx.user in channel.members
    line: list[str] = []
    length = 0
    for member, modes in channel.members.items():
        if "i" in member.modes and not sees_invisible:
            continue
        symbols = table.symbols_of(modes) if modes else ""
        name = (symbols if all_prefixes else symbols[:1]) + (member.source if with_host else member.nick)
        length += len(name) + 1
        if length > _NAMES_LINE:
            yield " ".join(line)
            line, length = [], len(name) + 1
        line.append(name)
    if line:
        yield " ".join(line)


@command("LIST")
def list_(ctx: Context) -> None:
    """LIST [<channel>{,<channel>}]."""
    network = ctx.network
    wanted = _targets(ctx.message.params[0]) if ctx.message.params else None
    channels = [network.channel(name) for name in wanted] if wanted else list(network.channels.values())
    ctx.reply(Numeric.RPL_LISTSTART, "Channel", text="Users  Name")
    for channel in channels:
        if channel is not None and channel.is_visible_to(ctx.user):
            text = channel.topic.text if channel.topic else ""
            count = str(len(channel.members))
            ctx.respond(ctx.envelope(Numeric.RPL_LIST.command, ctx.nick, channel.name, count, text))
    ctx.reply(Numeric.RPL_LISTEND)


@command("KICK", params=2)
def kick(ctx: Context) -> None:
    """KICK <channel> <user> [<comment>]."""
    name, nicks, *rest = ctx.message.params
    channel = find_channel(ctx, name)
    require_operator(ctx, channel)
    comment = (rest[0] if rest and rest[0] else ctx.nick)[: ctx.network.settings.limits.kick]
    for nick in _targets(nicks):
        target = ctx.network.user(nick)
        if target is None or target not in channel.members:
            ctx.reply(Numeric.ERR_USERNOTINCHANNEL, nick, channel.name)
            continue
        ctx.broadcast(channel, ctx.envelope("KICK", channel.name, target.nick, comment, source=ctx.user))
        ctx.network.part(target, channel)


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


def find_channel(ctx: Context, name: str) -> Channel:
    """The channel of that name; raises 403."""
    channel = ctx.network.channel(name)
    if channel is None:
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    return channel


def find_user(ctx: Context, nick: str) -> User:
    """The user of that nick; raises 401."""
    user = ctx.network.user(nick)
    if user is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    return user


def require_member(ctx: Context, channel: Channel) -> None:
    """Raises 442 unless the sender is in the channel."""
    if ctx.user not in channel.members:
        raise IrcError(Numeric.ERR_NOTONCHANNEL, channel.name)


def require_operator(ctx: Context, channel: Channel) -> None:
    """Raises 442 or 482 unless the sender is an operator (or half-operator) of the channel."""
    require_member(ctx, channel)
    if not policy.is_halfop(ctx.user, channel):
        raise IrcError(Numeric.ERR_CHANOPRIVSNEEDED, channel.name)


def _targets(listed: str) -> list[str]:
    return [name for name in listed.split(",") if name]
