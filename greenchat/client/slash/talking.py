"""Commands to speak: to one person, to several channels, to services, and to other people's clients."""

from greenchat.client.irc import login, sending
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.lines import TALK, LineKind
from greenchat.client.state.model import Buffer, BufferKind

# By the names that networks give their commands; HistServ is our server's.
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
    """Say something to one person, in a window of its own.

    To several at once: /msg bob,carol Tea is ready. `*` is who is here, `,` who wrote to you last, `.` to whom you did.
    """
    names, _, text = order.arguments.partition(" ")
    if names not in ("*", ",", ".") and "," in names.strip(","):
        if not text.strip():
            raise SlashError("How to use it: /msg bob,carol text")
        _to_several(order, [name for name in names.split(",") if name], text)
        return
    target = _target(order, names)
    if login.hides(target, text):
        order.online().send("PRIVMSG", target, text)
        order.tell(
            f"Sent to {target}; it is kept nowhere here, since there may be a password in it. /login hides it, too."
        )
        return
    buffer = order.model.open(order.network, target)
    order.model.show(buffer)
    if text.strip():
        sending.say(order.model, buffer, text, LineKind.SAID, order.now)


@command("query", "q", "wquery", usage="nick [text]", least=1, example="/query bob", switches="window noswitch")
def query(order: Order) -> None:
    """Open a private talk."""
    msg(order)


@command("me", usage="does something", least=1, example="/me puts the kettle on")
def me(order: Order) -> None:
    """Say what you do."""
    if order.buffer.kind is BufferKind.STATUS:
        raise SlashError("Nobody is here to see it. /join a channel first.")
    sending.say(order.model, order.buffer, order.arguments, LineKind.ACTION, order.now)


@command(
    "describe", "action", usage="nick or #channel does something", least=2, example="/describe #tea waves", switches=""
)
def describe(order: Order) -> None:
    """Say elsewhere what you do."""
    name, _, text = order.arguments.partition(" ")
    sending.say(
        order.model, order.model.open(order.network, _target(order, name)), text.strip(), LineKind.ACTION, order.now
    )


@command("amsg", usage="text", least=1, example="/amsg I'm off, see you tomorrow")
def amsg(order: Order) -> None:
    """Say something in all channels of this network that you are in."""
    for buffer in _joined(order):
        sending.say(order.model, buffer, order.arguments, LineKind.SAID, order.now)


@command("ame", usage="does something", least=1, example="/ame goes home")
def ame(order: Order) -> None:
    """Say what you do in all channels of this network that you are in."""
    for buffer in _joined(order):
        sending.say(order.model, buffer, order.arguments, LineKind.ACTION, order.now)


@command("notice", usage="nick text", least=2, example="/notice bob The cake is ready", switches="")
def notice(order: Order) -> None:
    """Send a notice: like a message, but nothing answers it by itself."""
    target, _, text = order.arguments.partition(" ")
    target = _target(order, target)
    order.online().send("NOTICE", target, text)
    order.tell(f"notice to {target}: {text}")


@command("wall", "wallchops", usage="[#channel] text", least=1, example="/wall Somebody ban him, please")
def wall(order: Order) -> None:
    """Write to the operators of the channel only."""
    channel, text = order.channel_first()
    if "@" not in order.network.isupport.statusmsg:
        raise SlashError("This server can't do that.")
    if not text:
        raise SlashError("How to use it: /wall [#channel] text")
    order.online().send("NOTICE", f"@{channel}", text)
    order.tell(f"notice to the operators of {channel}: {text}")


@command("say", usage="text", least=1, example="/say /help is a command")
def say(order: Order) -> None:
    """Say something that begins with a slash."""
    if order.buffer.kind is BufferKind.STATUS:
        raise SlashError("Nobody is here to hear it. /join a channel first.")
    sending.say(order.model, order.buffer, order.arguments, LineKind.SAID, order.now)


@command("echo", usage="text", least=1, example="/echo a note to myself")
def echo(order: Order) -> None:
    """Show a text in this window; nobody else sees it."""
    order.tell(order.arguments)


@command("ping", usage="[nick]", example="/ping bob", switches="")
def ping(order: Order) -> None:
    """Measure how long somebody's client takes to answer."""
    if not order.words and order.buffer.kind is not BufferKind.PRIVATE:
        raise SlashError("Whom? /ping nick")
    order.online().send("PRIVMSG", _target(order, order.words[0] if order.words else "*"), f"\x01PING {order.now}\x01")


@command("ver", usage="[nick or #channel]", example="/ver bob", switches="")
def ver(order: Order) -> None:
    """Ask which program somebody uses."""
    order.online().send("PRIVMSG", _target(order, order.words[0] if order.words else "*"), "\x01VERSION\x01")


@command("ctcp", usage="nick VERSION", least=2, example="/ctcp bob VERSION", switches="")
def ctcp(order: Order) -> None:
    """Ask someone's client something."""
    _ctcp(order, "PRIVMSG")


@command("nctcp", usage="nick VERSION text", least=3, example="/nctcp bob VERSION a pencil", switches="")
def nctcp(order: Order) -> None:
    """Answer what someone's client has asked."""
    _ctcp(order, "NOTICE")


def _declare(name: str, service: str) -> None:
    def ask(order: Order) -> None:
        msg(Order(order.model, f"{service} {order.arguments}", order.now))

    ask.__doc__ = f"Speak to {service}, where the network has it."
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
    found = [each for each in order.model.buffers if each.network is order.network and each.joined]
    if not found:
        raise SlashError("You are in no channel. /join one first.")
    return found


def _to_several(order: Order, names: list[str], text: str) -> None:
    service = next((name for name in names if login.hides(name, text)), "")
    if service:
        raise SlashError(f"There may be a password for {service} in it: send that alone.")
    for name in names:
        _require_name(name)
    for name in names:
        sending.say(order.model, order.model.open(order.network, name), text, LineKind.SAID, order.now)


def _require_name(name: str) -> None:
    """Check what somebody is to be written to by. Raises SlashError."""
    if name.startswith(":"):
        raise SlashError("No nickname and no channel begins with a colon.")


def _target(order: Order, name: str) -> str:
    """Return the name that irssi's signs stand for; every other name unchanged. Raises SlashError."""
    _require_name(name)
    if name not in ("*", ",", "."):
        return name
    if name == "*":
        if order.buffer.kind is BufferKind.STATUS:
            raise SlashError("Nobody is here. Name somebody.")
        return order.buffer.name
    private = [each for each in order.network.buffers.values() if each.kind is BufferKind.PRIVATE]
    last = {each.name: _spoken(each, own=name == ".") for each in private}
    known = {who: time for who, time in last.items() if time}
    if not known:
        raise SlashError("Nobody has written to you yet." if name == "," else "You have written to nobody yet.")
    return max(known, key=lambda who: known[who])


def _spoken(buffer: Buffer, *, own: bool) -> int:
    """Return the time of the last message in a window, in milliseconds; 0 for never."""
    return next((line.time for line in reversed(buffer.lines) if line.kind in TALK and line.own is own), 0)
