"""Commands to speak and to ask about people: private talks, actions, nicknames, being away."""

from greenchat.client import login, talk
from greenchat.client.model import BufferKind, Link
from greenchat.client.said import Kind
from greenchat.client.slash.registry import Order, SlashError, command


@command("msg", "m", "dm", usage="nick [text]", least=1, example="/msg bob Hello, Bob")
def msg(order: Order) -> None:
    """Say something to one person, in a window of its own."""
    target, _, text = order.arguments.partition(" ")
    if login.hides(target, text):
        order.online().send("PRIVMSG", target, text)
        order.tell(
            f"Sent to {target}; it is kept nowhere here, since there may be a password in it. /login hides it, too."
        )
        return
    buffer = order.model.open(order.network, target)
    order.model.show(buffer)
    if text.strip():
        talk.say(order.model, buffer, text, Kind.SAID, order.now)


@command("query", "q", usage="nick [text]", least=1, example="/query bob")
def query(order: Order) -> None:
    """Open a private talk."""
    msg(order)


@command("me", "action", usage="does something", least=1, example="/me puts the kettle on")
def me(order: Order) -> None:
    """Say what you do."""
    if order.buffer.kind is BufferKind.STATUS:
        raise SlashError("Nobody is here to see it. /join a channel first.")
    talk.say(order.model, order.buffer, order.arguments, Kind.ACTION, order.now)


@command("notice", usage="nick text", least=2, example="/notice bob The cake is ready")
def notice(order: Order) -> None:
    """Send a notice: like a message, but nothing answers it by itself."""
    target, _, text = order.arguments.partition(" ")
    order.online().send("NOTICE", target, text)
    order.tell(f"notice to {target}: {text}")


@command("ping", usage="nick", least=1, example="/ping bob")
def ping(order: Order) -> None:
    """Measure how long somebody's client takes to answer."""
    order.online().send("PRIVMSG", order.words[0], f"\x01PING {order.now}\x01")


@command("ctcp", usage="nick VERSION", least=2, example="/ctcp bob VERSION")
def ctcp(order: Order) -> None:
    """Ask someone's client something."""
    target, _, text = order.arguments.partition(" ")
    request, _, argument = text.partition(" ")
    order.online().send("PRIVMSG", target, f"\x01{request.upper()}{' ' * bool(argument)}{argument}\x01")


@command("say", usage="text", least=1, example="/say /help is a command")
def say(order: Order) -> None:
    """Say something that begins with a slash."""
    if order.buffer.kind is BufferKind.STATUS:
        raise SlashError("Nobody is here to hear it. /join a channel first.")
    talk.say(order.model, order.buffer, order.arguments, Kind.SAID, order.now)


@command("nick", usage="name", least=1, example="/nick ada")
def nick(order: Order) -> None:
    """Be called otherwise."""
    name = order.words[0]
    network = order.network
    if network.link is Link.ONLINE:
        network.asked_nick = name
        network.send("NICK", name)
    else:
        network.wanted_nick = name
        order.tell(f"You will be called {name} once you are connected.")


@command("whois", "wi", "wii", usage="[nick]", example="/whois bob")
def whois(order: Order) -> None:
    """Ask who somebody is."""
    private = order.buffer.name if order.buffer.kind is BufferKind.PRIVATE else order.network.nick
    name = order.words[0] if order.words else private
    order.online().send("WHOIS", name, name)


@command("whowas", "ww", usage="nick", least=1, example="/whowas bob")
def whowas(order: Order) -> None:
    """Ask who somebody was."""
    order.online().send("WHOWAS", order.words[0])


@command("who", "w", usage="[#channel or mask]", example="/who #tea")
def who(order: Order) -> None:
    """Show who is here, with their hosts."""
    if not order.words and order.buffer.kind is BufferKind.STATUS:
        raise SlashError("Who where? /who #channel")
    order.online().send("WHO", order.words[0] if order.words else order.buffer.name)


@command("accept", usage="[nick or -nick...]", example="/accept bob")
def accept(order: Order) -> None:
    """Let someone write to you while your mode +g (/mode yournick +g) keeps others off, or with -nick no more."""
    order.online().send("ACCEPT", ",".join(order.words) or "*")


@command("away", usage="[why]", example="/away lunch")
def away(order: Order) -> None:
    """Say that you are away. /back ends it."""
    order.online().send("AWAY", order.arguments or "away")


@command("back", example="/back")
def back(order: Order) -> None:
    """Say that you are here again."""
    order.online().send("AWAY")
