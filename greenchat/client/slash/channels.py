"""Commands about channels: joining and leaving, topic, names, and moderation."""

from greenchat.client.irc import joining
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.model import BufferKind, LinkState
from greenchat.client.state.questions import WhichChannel


@command("join", "j", "wjoin", usage="[#channel [key]]", example="/join #tea", switches="window noswitch")
def join(order: Order) -> None:
    """Join a channel; a new name creates one. Without a name, choose from a list."""
    if not order.words:
        order.online()
        order.model.questions.append(WhichChannel(lambda name, now: join(Order(order.model, name, now))))
        return
    network = order.network
    names, *keys = order.words
    chantypes = network.isupport.chantypes
    channels = [name if name[:1] in chantypes else chantypes[:1] + name for name in names.split(",") if name]
    for channel in channels:
        buffer = network.find(channel)
        if not (buffer and buffer.joined):
            network.show_on_join[channel] = ""
        window = order.model.open(network, channel)
        if "noswitch" not in order.switches:
            order.model.show(window)  # at once, since the next input belongs there
    if network.link.state is not LinkState.ONLINE or not network.link.welcomed:
        _join_later(order, channels, keys[0].split(",") if keys else [])
    elif channels:
        network.send("JOIN", ",".join(channels), *keys[:1])
        for channel, key in zip(channels, keys[0].split(",") if keys else (), strict=False):
            network.want(channel, key)


def _join_later(order: Order, channels: list[str], keys: list[str]) -> None:
    """Join these channels once there is a connection; messages to them wait."""
    for place, channel in enumerate(channels):
        order.network.want(channel, keys[place] if place < len(keys) else "")


@command("part", "leave", "p", usage="[#channel] [why]", example="/part #tea See you")
def part(order: Order) -> None:
    """Leave a channel. Its window stays until /close."""
    channel, reason = order.channel_first()
    reason = reason or str(order.model.settings.get("text.part"))
    order.online().send("PART", channel, *([reason] if reason else []))


@command("cycle", "rejoin", usage="[#channel]", example="/cycle", switches="")
def cycle(order: Order) -> None:
    """Leave a channel and join it again."""
    channel, _ = order.channel_first()
    network = order.online()
    network.send("PART", channel)
    network.send("JOIN", channel)


@command("topic", "t", usage="[#channel] [new topic]", example="/topic Tea at five", switches="delete d")
def topic(order: Order) -> None:
    """Show or set the topic; -delete removes it."""
    channel, text = order.channel_first()
    order.online().send("TOPIC", channel, *([text] if text or order.switches else []))


@command("names", "n", "users", usage="[#channel]", example="/names", switches="")
def names(order: Order) -> None:
    """List the members of the channel."""
    channel, _ = order.channel_first()
    buffer = order.network.find(channel)
    if buffer is None or not buffer.joined:
        order.online().send("NAMES", channel)
        return
    order.model.current.anchor = None
    joining.show_names(order.model, buffer, order.now)


@command("list", "l", usage="[pattern]", example="/list *tea*", switches="yes")
def list_(order: Order) -> None:
    """List the server's channels."""
    network = order.online()
    network.directory.begin(quiet=False)
    network.send("LIST", *order.words[:1])


@command("invite", "i", "inv", usage="nick [#channel]", least=1, example="/invite bob", switches="")
def invite(order: Order) -> None:
    """Invite someone to the channel."""
    nick, *rest = order.words
    channel = rest[0] if rest else order.buffer.name
    if not order.network.isupport.is_channel(channel):
        raise SlashError("Name the channel: /invite nick #channel")
    order.online().send("INVITE", nick, channel)


@command("kick", "k", usage="[#channel] nick [why]", least=1, example="/kick bob Enough for today", switches="")
def kick(order: Order) -> None:
    """Kick someone from the channel."""
    channel, rest = order.channel_first()
    nick, _, reason = rest.partition(" ")
    if not nick:
        raise SlashError("Name a nick: /kick nick [why]")
    order.online().send("KICK", channel, nick, *([reason] if reason else []))


@command("ban", "b", "bans", "banlist", usage="[#channel] [nick or mask]", example="/ban *!*@spam.example", switches="")
def ban(order: Order) -> None:
    """Ban someone from the channel, or list the bans."""
    channel, mask = order.channel_first()
    order.online().send("MODE", channel, "+b", *([_as_mask(order, channel, mask)] if mask else []))


@command("unban", "ub", usage="[#channel] nick or mask", least=1, example="/unban *!*@spam.example", switches="")
def unban(order: Order) -> None:
    """Remove a ban."""
    channel, mask = order.channel_first()
    order.online().send("MODE", channel, "-b", _as_mask(order, channel, mask))


@command("exemptlist", usage="[#channel]", example="/exemptlist")
def exemptlist(order: Order) -> None:
    """List the ban exceptions."""
    order.online().send("MODE", order.channel_first()[0], "+e")


@command("invitelist", usage="[#channel]", example="/invitelist")
def invitelist(order: Order) -> None:
    """List the invite exceptions."""
    order.online().send("MODE", order.channel_first()[0], "+I")


@command("kickban", "kb", usage="[#channel] nick [why]", least=1, example="/kickban bob Spam", switches="")
def kickban(order: Order) -> None:
    """Kick and ban someone."""
    channel, rest = order.channel_first()
    nick, _, reason = rest.partition(" ")
    if not nick:
        raise SlashError("Name a nick: /kickban nick [why]")
    network = order.online()
    network.send("MODE", channel, "+b", _as_mask(order, channel, nick))
    network.send("KICK", channel, nick, *([reason] if reason else []))


@command("quiet", "mute", usage="[#channel] [nick or mask]", example="/quiet bob")
def quiet(order: Order) -> None:
    """Mute someone, or list who is muted (if the server supports it)."""
    _quiet(order, "+")


@command("unquiet", "unmute", usage="[#channel] nick or mask", least=1, example="/unquiet bob")
def unquiet(order: Order) -> None:
    """Unmute someone."""
    _quiet(order, "-")


@command("op", "o", usage="nick ...", least=1, example="/op bob", switches="yes")
def op(order: Order) -> None:
    """Make someone a channel operator."""
    _give(order, "+", "o")


@command("deop", "d", usage="nick ...", least=1, example="/deop bob", switches="yes")
def deop(order: Order) -> None:
    """Remove channel operator status."""
    _give(order, "-", "o")


@command("voice", "v", usage="nick ...", least=1, example="/voice bob", switches="yes")
def voice(order: Order) -> None:
    """Give someone voice: they can write in a moderated channel."""
    _give(order, "+", "v")


@command("halfop", "hop", usage="nick ...", least=1, example="/halfop bob", switches="yes")
def halfop(order: Order) -> None:
    """Make someone a half-operator."""
    _give(order, "+", "h")


@command("dehalfop", "dehop", usage="nick ...", least=1, example="/dehalfop bob", switches="yes")
def dehalfop(order: Order) -> None:
    """Remove half-operator status."""
    _give(order, "-", "h")


@command("devoice", usage="nick ...", least=1, example="/devoice bob", switches="yes")
def devoice(order: Order) -> None:
    """Remove voice."""
    _give(order, "-", "v")


@command("mode", usage="[#channel or your nick] [modes]", example="/mode #tea +i")
def mode(order: Order) -> None:
    """Show or change modes of a channel or of yourself."""
    words = order.words
    target = order.buffer.name if order.buffer.kind is BufferKind.CHANNEL else order.network.nicks.current
    if not words or words[0][:1] in "+-":
        words.insert(0, target)
    order.online().send("MODE", *words)


def _give(order: Order, sign: str, letter: str) -> None:
    channel, rest = order.channel_first()
    nicks = rest.split()
    order.online().send("MODE", channel, sign + letter * len(nicks), *nicks)


def _quiet(order: Order, sign: str) -> None:
    channel, mask = order.channel_first()
    if "q" not in order.network.isupport.list_modes:
        raise SlashError("This server has no quiets. With /mode +m only voiced members can speak.")
    order.online().send("MODE", channel, f"{sign}q", *([_as_mask(order, channel, mask)] if mask else []))


def _as_mask(order: Order, channel: str, nick: str) -> str:
    """Return a ban mask, by host if it is known, since nicknames change easily."""
    if "!" in nick or "@" in nick or "*" in nick:
        return nick
    buffer = order.network.find(channel)
    member = buffer.member(nick) if buffer else None
    return f"*!*@{member.host}" if member and member.host else f"{nick}!*@*"


@command("umode", usage="[modes]", example="/umode +i")
def umode(order: Order) -> None:
    """Show or change your own modes."""
    network = order.online()
    network.send("MODE", network.nicks.current, *order.words)
