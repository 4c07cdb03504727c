"""Commands about networks: several at once, each with its windows, each reconnecting by itself."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.destination import AddressError, parse_destination
from greenchat.client.state.effects import Connect, Disconnect
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
    order.model.requests.append(Connect(network))


@command("disconnect", usage="[why]", example="/disconnect")
def disconnect(order: Order) -> None:
    """Leave the server but stay in greenchat."""
    network = order.network
    network.link.leaving = True
    network.link.retry_at = None
    if network.link.state is not LinkState.OFFLINE:
        network.send("QUIT", *([order.arguments] if order.arguments else []))
        order.model.requests.append(Disconnect(network))


@command("networks", "servers", example="/networks")
def networks(order: Order) -> None:
    """Show the networks, and how far each connection is."""
    for network in order.model.networks:
        secure = ", TLS" if network.address.tls else ""
        state = "connected" if network.link.state is LinkState.ONLINE else network.link.state.name.lower()
        order.tell(f"{network.name}: {network.address}{secure}, {state} as {network.nicks.current}")


def _destination(order: Order) -> Network:
    """The network that is named, a new one where it is not there yet; its window comes up."""
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
