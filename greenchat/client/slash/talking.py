"""Commands that send messages: to users, to several channels, to services, and CTCP requests."""

from greenchat.client.irc import hidden_words, sending
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.lines import TALK, LineKind
from greenchat.client.state.model import Buffer, BufferKind

# The names of services on networks; HistServ is our server's.
SERVICES = {
    "ns": "NickServ",
    "cs": "ChanServ",
    "hs": "HostServ",
    "ms": "MemoServ",
    "os": "OperServ",
    "bs": "BotServ",
    "histserv": "HistServ",
}


@command(
    "msg", "m", "dm", usage="nick[,nick...] [text]", least=1, example="/msg bob Hello, Bob", switches="channel nick"
)
def msg(order: Order) -> None:
    """Send a private message, in a window of its own.

    To several people: /msg bob,carol Tea is ready. `*` is this window, `,` the last person who wrote to
    you, `.` the last one to whom you wrote.
    """
    names, _, text = order.arguments.partition(" ")
    if names not in ("*", ",", ".") and "," in names.strip(","):
        if not text.strip():
            raise SlashError("Usage: /msg bob,carol text")
        _to_several(order, [name for name in names.split(",") if name], text)
        return
    target = _target(order, names)
    if hidden_words.hides(target, text):
        order.online().send("PRIVMSG", target, text)
        order.tell(f"Sent to {target}; it is not logged here, since it may contain a password. /login hides it, too.")
        return
    buffer = order.model.open(order.network, target)
    order.model.show(buffer)
    if text.strip():
        sending.say(order.model, buffer, text, LineKind.SAID, order.now)


@command("query", "q", "wquery", usage="nick [text]", least=1, example="/query bob", switches="window noswitch")
def query(order: Order) -> None:
    """Open a private chat."""
    msg(order)


@command("me", usage="does something", least=1, example="/me puts the kettle on")
def me(order: Order) -> None:
    """Send an action, like * ada waves."""
    if order.buffer.kind is BufferKind.STATUS:
        raise SlashError("This window has no recipient. /join a channel first.")
    sending.say(order.model, order.buffer, order.arguments, LineKind.ACTION, order.now)


@command(
    "describe", "action", usage="nick or #channel does something", least=2, example="/describe #tea waves", switches=""
)
def describe(order: Order) -> None:
    """Send an action to a nick or channel."""
    name, _, text = order.arguments.partition(" ")
    sending.say(
        order.model, order.model.open(order.network, _target(order, name)), text.strip(), LineKind.ACTION, order.now
    )


@command("amsg", usage="text", least=1, example="/amsg I'm off, see you tomorrow")
def amsg(order: Order) -> None:
    """Send a message to all your channels of this network."""
    for buffer in _joined(order):
        sending.say(order.model, buffer, order.arguments, LineKind.SAID, order.now)


@command("ame", usage="does something", least=1, example="/ame goes home")
def ame(order: Order) -> None:
    """Send an action to all your channels of this network."""
    for buffer in _joined(order):
        sending.say(order.model, buffer, order.arguments, LineKind.ACTION, order.now)


@command("notice", usage="nick text", least=2, example="/notice bob The cake is ready", switches="")
def notice(order: Order) -> None:
    """Send a notice: a message that programs do not answer."""
    target, _, text = order.arguments.partition(" ")
    target = _target(order, target)
    order.online().send("NOTICE", target, text)
    order.tell(f"notice to {target}: {text}")


@command("wall", "wallchops", usage="[#channel] text", least=1, example="/wall Somebody ban him, please")
def wall(order: Order) -> None:
    """Send a message to the channel operators only."""
    channel, text = order.channel_first()
    if "@" not in order.network.isupport.statusmsg:
        raise SlashError("This server can't do that.")
    if not text:
        raise SlashError("Usage: /wall [#channel] text")
    order.online().send("NOTICE", f"@{channel}", text)
    order.tell(f"notice to the operators of {channel}: {text}")


@command("say", usage="text", least=1, example="/say /help is a command")
def say(order: Order) -> None:
    """Send a message that begins with a slash."""
    if order.buffer.kind is BufferKind.STATUS:
        raise SlashError("This window has no recipient. /join a channel first.")
    sending.say(order.model, order.buffer, order.arguments, LineKind.SAID, order.now)


@command("echo", usage="text", least=1, example="/echo a note to myself")
def echo(order: Order) -> None:
    """Print text in this window; nobody else sees it."""
    order.tell(order.arguments)


@command("ping", usage="[nick]", example="/ping bob", switches="")
def ping(order: Order) -> None:
    """Measure the round trip to somebody's client."""
    if not order.words and order.buffer.kind is not BufferKind.PRIVATE:
        raise SlashError("Name a nick: /ping nick")
    order.online().send("PRIVMSG", _target(order, order.words[0] if order.words else "*"), f"\x01PING {order.now}\x01")


@command("ver", usage="[nick or #channel]", example="/ver bob", switches="")
def ver(order: Order) -> None:
    """Show which client somebody uses."""
    order.online().send("PRIVMSG", _target(order, order.words[0] if order.words else "*"), "\x01VERSION\x01")


@command("ctcp", usage="nick VERSION", least=2, example="/ctcp bob VERSION", switches="")
def ctcp(order: Order) -> None:
    """Send a CTCP request."""
    _ctcp(order, "PRIVMSG")


@command("nctcp", usage="nick VERSION text", least=3, example="/nctcp bob VERSION a pencil", switches="")
def nctcp(order: Order) -> None:
    """Send a CTCP reply."""
    _ctcp(order, "NOTICE")


def _declare(name: str, service: str) -> None:
    def ask(order: Order) -> None:
        msg(Order(order.model, f"{service} {order.arguments}", order.now))

    ask.__doc__ = f"Send a message to {service}, if the network has it."
    aliases = {service.lower()} - {name}
    command(name, *aliases, usage="text", least=1, example=f"/{name} HELP")(ask)


for _name, _service in SERVICES.items():
    _declare(_name, _service)


def _ctcp(order: Order, kind: str) -> None:
    target, _, text = order.arguments.partition(" ")
    request, _, argument = text.strip().partition(" ")
    order.online().send(kind, target, f"\x01{request.upper()}{' ' * bool(argument)}{argument}\x01")


def _joined(order: Order) -> list[Buffer]:
    order.online()
    channels = [each for each in order.model.buffers if each.network is order.network and each.joined]
    if not channels:
        raise SlashError("You are in no channel. /join one first.")
    return channels


def _to_several(order: Order, names: list[str], text: str) -> None:
    service = next((name for name in names if hidden_words.hides(name, text)), "")
    if service:
        raise SlashError(f"It may contain a password: send it to {service} alone.")
    for name in names:
        _require_name(name)
    for name in names:
        sending.say(order.model, order.model.open(order.network, name), text, LineKind.SAID, order.now)


def _require_name(name: str) -> None:
    """Check the target of a message. Raises SlashError."""
    if name.startswith(":"):
        raise SlashError("Nicknames and channels do not begin with a colon.")


def _target(order: Order, name: str) -> str:
    """Return the name for irssi's symbols; other names unchanged. Raises SlashError."""
    _require_name(name)
    if name not in ("*", ",", "."):
        return name
    if name == "*":
        if order.buffer.kind is BufferKind.STATUS:
            raise SlashError("This window has no recipient. Name one.")
        return order.buffer.name
    private = [each for each in order.network.buffers.values() if each.kind is BufferKind.PRIVATE]
    last = {each.name: _last_spoken(each, own=name == ".") for each in private}
    known = {who: time for who, time in last.items() if time}
    if not known:
        raise SlashError("Nobody has written to you yet." if name == "," else "You have written to nobody yet.")
    return max(known, key=lambda who: known[who])


def _last_spoken(buffer: Buffer, *, own: bool) -> int:
    """Return the time of the last message in a window, in milliseconds; 0 for never."""
    return next((line.time for line in reversed(buffer.lines) if line.kind in TALK and line.own is own), 0)
