"""Commands about users: nicknames, information about users, away messages."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.destination import nick_problem
from greenchat.client.state.model import BufferKind, LinkState
from greenchat.protocol import caps


@command("nick", usage="name", least=1, example="/nick ada", switches="")
def nick(order: Order) -> None:
    """Change your nickname."""
    name = order.arguments.strip()
    if problem := nick_problem(name):
        raise SlashError(f"{problem[0].upper()}{problem[1:]}")
    network = order.network
    if network.link.state is LinkState.ONLINE:
        network.request_nick(name)
    else:
        network.nicks.wanted = name
        order.tell(f"Your nickname will be {name} once you are connected.")


@command("whois", "wi", "wii", usage="[nick]", example="/whois bob", switches="")
def whois(order: Order) -> None:
    """Show information about somebody."""
    private = order.buffer.name if order.buffer.kind is BufferKind.PRIVATE else order.network.nicks.current
    name = order.words[0] if order.words else private
    order.online().send("WHOIS", name, name)


@command("whowas", "ww", usage="nick", least=1, example="/whowas bob", switches="")
def whowas(order: Order) -> None:
    """Show information about somebody who left."""
    order.online().send("WHOWAS", order.words[0])


@command("who", "w", usage="[#channel or mask]", example="/who #tea", switches="")
def who(order: Order) -> None:
    """List the people here with their hosts."""
    if not order.words and order.buffer.kind is BufferKind.STATUS:
        raise SlashError("Name a channel or a mask: /who #channel")
    order.online().send("WHO", order.words[0] if order.words else order.buffer.name)


@command("accept", usage="[nick or -nick...]", example="/accept bob")
def accept(order: Order) -> None:
    """Let someone write to you in spite of your mode +g (/mode yournick +g); -nick removes them."""
    order.online().send("ACCEPT", ",".join(order.words) or "*")


@command("away", usage="[-all] [why]", example="/away lunch")
def away(order: Order) -> None:
    """Mark yourself as away; without a reason, as back. -all does it on every network."""
    first, _, rest = order.arguments.partition(" ")
    everywhere = first in ("-all", "-one")
    reason = rest.strip() if everywhere else order.arguments
    online = [network for network in order.model.networks if network.link.state is LinkState.ONLINE]
    networks = online if first == "-all" else [order.online()]
    for network in networks:
        network.away_text = reason or ("" if network.away else str(order.model.settings.get("text.away")) or "away")
        network.send("AWAY", *([network.away_text] if network.away_text else []))


@command("back", example="/back")
def back(order: Order) -> None:
    """Mark yourself as back."""
    network = order.online()
    network.away_text = ""
    network.send("AWAY")


@command("setname", usage="your name", least=1, example="/setname Ada L.")
def setname(order: Order) -> None:
    """Change your real name, visible to everybody. /set realname saves one."""
    network = order.online()
    if not network.caps.held & caps.SETNAME:
        raise SlashError("This server can't change it on a running connection. Use /set realname, then /reconnect.")
    network.send("SETNAME", order.arguments)
