"""Commands about networks: several at once, each with its windows, each reconnecting by itself."""

from greenchat.client.irc import network_setup
from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state import well_known
from greenchat.client.state.destination import AddressError, is_channel, parse_destination
from greenchat.client.state.effects import Connect, Disconnect, Save
from greenchat.client.state.kept_networks import FIELDS, KeptError, KeptNetwork
from greenchat.client.state.model import LinkState, Network


@command(
    "connect", "reconnect", "server", usage="[[nick@]host[:port][/#channel]]", example="/connect ircs://irc.libera.chat"
)
def connect(order: Order) -> None:
    """Connect again, now; or to one more network, beside those that are there."""
    network = _destination(order) if order.words else order.network
    if network.link.state is not LinkState.OFFLINE:
        raise SlashError("Connected already. /disconnect first.")
    network.link.leaving = False
    order.model.effects.append(Connect(network))


@command("disconnect", usage="[why]", example="/disconnect")
def disconnect(order: Order) -> None:
    """Leave the server but stay in greenchat."""
    network = order.network
    network.link.leaving = True
    network.link.retry_at = None
    if network.link.state is not LinkState.OFFLINE:
        network.send("QUIT", *([order.arguments] if order.arguments else []))
        order.model.effects.append(Disconnect(network))


@command("networks", "servers", example="/networks")
def networks(order: Order) -> None:
    """Show the networks, and how far each connection is."""
    for network in order.model.networks:
        secure = ", TLS" if network.address.tls else ""
        state = "connected" if network.link.state is LinkState.ONLINE else network.link.state.name.lower()
        order.tell(f"{network.name}: {network.address}{secure}, {state} as {network.nicks.current}")


@command("network", usage="[add, set, show, remove or known ...]", example="/network add libera irc.libera.chat")
def network_(order: Order) -> None:
    """Keep networks: /network add NAME ADDRESS, then /connect NAME.

    /network set NAME autoconnect on; also nick, realname, channels, commands, addresses, certificate and proxy.
    /network show NAME tells what is kept, /network remove NAME forgets it, /network known lists well-known ones.
    """
    kept = order.model.settings.networks
    what, name, rest = (*order.arguments.split(None, 2), "", "", "")[:3]
    if not what:
        for each in kept.values():
            order.tell(f"{each.name}: {each.get('addresses')}{', at every start' * each.autoconnect}")
        if not kept:
            order.tell("No network is kept. /network add NAME ADDRESS keeps one; /network known lists well-known ones.")
        return
    if what == "known":
        for known, address in well_known.NETWORKS.items():
            order.tell(f"{known}: {address}{', TLS' * address.tls}")
        return
    if what not in ("add", "set", "show", "remove") or not name:
        raise SlashError("How to use it: /network add NAME ADDRESS; /help network tells more.")
    if what == "add":
        found = KeptNetwork(name)
        rest = rest or (name if well_known.find(name) else "")
        _set(found, "addresses", rest)
        kept[name] = found
        order.tell(
            f"{name} is kept. /connect {name} goes there; /network set {name} autoconnect on does at every start."
        )
    elif name not in kept:
        raise SlashError(f"No network {name} is kept. /network lists them.")
    elif what == "remove":
        del kept[name]
        order.tell(f"{name} is not kept any more.")
    elif what == "set":
        field, _, value = rest.partition(" ")
        _set(kept[name], field, value)
        order.tell(f"{name}: {field} = {kept[name].get(field) or '(nothing)'}")
    if what == "show":
        for field, meaning in FIELDS.items():
            order.tell(f"{field} = {kept[name].get(field) or '(nothing)'}: {meaning}")
    else:
        order.model.effects.append(Save())


def _set(kept: KeptNetwork, field: str, value: str) -> None:
    try:
        kept.set(field, value)
    except KeptError as error:
        raise SlashError(str(error)) from error


def _destination(order: Order) -> Network:
    """Return the named network, a new one where there is none yet, and show its window."""
    kept = order.model.settings.networks.get(order.words[0])
    if kept:
        there = next((each for each in order.model.networks if each.kept is kept), None)
        if there is None:
            there = network_setup.make(kept, order.network.nicks.wanted, order.network.identity)
            order.model.add_network(there)
        order.model.show(there.status)
        return there
    if is_channel(order.words[0]):
        raise SlashError(f"{order.words[0]} is a channel: /join {order.words[0]}")
    try:
        destination = parse_destination(order.words[0])
    except AddressError as error:
        raise SlashError(str(error)) from error
    model, here = order.model, order.network
    for known in model.networks:
        if known.address == destination.address or order.words[0].lower() == known.name.lower():
            model.show(known.status)
            return known
    host = destination.address.host
    network = Network(
        str(destination.address) if any(known.name == host for known in model.networks) else host,
        destination.address,
        destination.nick or here.nicks.wanted,
        identity=here.identity,
    )
    network.login.certificate = here.login.certificate
    model.add_network(network)
    model.show(network.status)
    for channel in destination.channels:
        network.want(channel)
        model.show(model.open(network, channel))
    return network
