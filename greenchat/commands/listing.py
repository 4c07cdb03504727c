"""Who is in a channel, and which channels there are: NAMES LIST. https://modern.ircdocs.horse/#names-message"""

from collections.abc import Iterator

from ..chat.channel import Channel
from ..protocol import caps
from ..protocol.numerics import Numeric
from .context import Context
from .lookup import targets
from .registry import command

_NAMES_LINE = 400  # characters of nicks that go into one line of 353 with room for the rest of it


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
    wanted = targets(ctx.message.params[0]) if ctx.message.params else None
    channels = [network.channel(name) for name in wanted] if wanted else list(network.channels.values())
    ctx.reply(Numeric.RPL_LISTSTART, "Channel", text="Users  Name")
    for channel in channels:
        if channel is not None and channel.is_visible_to(ctx.user):
            text = channel.topic.text if channel.topic else ""
            count = str(len(channel.members))
            ctx.respond(ctx.envelope(Numeric.RPL_LIST.command, ctx.nick, channel.name, count, text))
    ctx.reply(Numeric.RPL_LISTEND)
