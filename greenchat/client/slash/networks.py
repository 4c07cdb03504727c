"""Commands about networks."""

from greenchat.client.irc import network_setup
from greenchat.client.slash.registry import TABLE, Order, SlashError, command, reject_foreign_word, with_switches
from greenchat.client.state import well_known
from greenchat.client.state.destination import AddressError, is_channel, parse_destination
from greenchat.client.state.effects import ANEW, Connect, Disconnect, Reconnect, SaveSettings
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.client.state.saved_networks import FIELDS, SavedNetwork, SavedNetworkError
from greenchat.client.state.settings import without_password

# Other clients' switches of networks, and the equivalents here.
_FLAGS = {"-auto": "autoconnect", "-autoconnect": "autoconnect"} | dict.fromkeys(
    ("-tls", "-ssl", "-tls_verify", "-ssl_verify", "-use_tls"), "tls"
)
_FIELDS = {
    "-nick": "nick",
    "-realname": "realname",
    "-autosendcmd": "commands",
    "-network": "name",
    "-net": "name",
    "-port": "port",
    "-sasl_username": "account",
    "-sasl_mechanism": "",  # the best mechanism of the server is used
}


@command(
    "connect",
    usage="[[nick@]host[:port][/#channel]]",
    example="/connect ircs://irc.libera.chat",
    switches="tls ssl notls nossl auto all 4 6",
)
def connect(order: Order) -> None:
    """Reconnect now, or connect to another network.

    /connect -tls irc.example 6697 works, too. Certificates, proxies and accounts belong to a saved network; see /help
    network.
    """
    if "all" in order.switches:
        wanted = order.model.networks
    else:
        wanted = [_network_of_destination(order) if order.words else order.network]
    waiting = [network for network in wanted if network.link.state is LinkState.OFFLINE]
    if not waiting:
        raise SlashError("Already connected. Use /reconnect to connect again.")
    for network in waiting:
        network.link.allow_reconnect()
        order.model.effects.append(Connect(network))


@command("reconnect", usage="[-all, * or network]", example="/reconnect", switches="all")
def reconnect(order: Order) -> None:
    """Disconnect and connect again: this network, another one, or -all."""
    for network in _selected_networks(order):
        if network.link.state is LinkState.OFFLINE:
            network.link.allow_reconnect()
            order.model.effects.append(Connect(network))
        else:
            order.model.effects.append(Reconnect(network, ANEW))


@command("disconnect", usage="[-all, * or network] [why]", example="/disconnect", switches="all")
def disconnect(order: Order) -> None:
    """Disconnect from a network; * is this window's network, as in /disconnect * Good night."""
    reason = order.arguments if "all" in order.switches else order.arguments.partition(" ")[2].strip()
    for network in _selected_networks(order):
        network.link.leave()
        if network.link.state is not LinkState.OFFLINE:
            network.send("QUIT", *([reason] if reason else []))
            order.model.effects.append(Disconnect(network))


def _selected_networks(order: Order) -> list[ClientNetwork]:
    """Return all networks with -all, the one that the first word names, or that of this window without one or with *.

    Raises SlashError for a name that no open network has: it is no reason to leave this one.
    """
    if "all" in order.switches:
        return list(order.model.networks)
    name = order.words[0] if order.words else "*"
    if name == "*":
        return [order.network]
    matches = [network for network in order.model.networks if network.name.lower() == name.lower()]
    if not matches:
        raise SlashError(f"Network {name} is not open. /networks lists the open ones; * means this window's network.")
    return matches[:1]


@command(
    "server", usage="[host, or list, add, connect, remove ...]", example="/server irc.libera.chat", switches="tls ssl"
)
def server(order: Order) -> None:
    """The same as /connect and /network, with the syntax of other clients.

    /server list, /server add NAME ADDRESS -tls, /server connect NAME, /server remove NAME.
    """
    what, _, rest = order.arguments.partition(" ")
    also = {"delete": "remove", "del": "remove"}
    if what in ("", "list", "listfull"):
        networks(order)
        network_(Order(order.model, "", order.now))
    elif what in ("add", "modify", "remove", "delete", "del"):
        network_(Order(order.model, f"{also.get(what, what)} {rest}", order.now))
    elif what in ("connect", "disconnect", "reconnect"):
        command = TABLE[what]
        command.action(with_switches(Order(order.model, rest, order.now), command))
    else:
        reject_foreign_word("server", what)
        connect(order)


@command("networks", "servers", example="/networks")
def networks(order: Order) -> None:
    """List the networks and the state of their connections."""
    for network in order.model.networks:
        secure = ", TLS" if network.address.tls else ""
        state = "connected" if network.link.state is LinkState.ONLINE else network.link.state.name.lower()
        order.tell(f"{network.name}: {network.address}{secure}, {state} as {network.nicks.current}")


@command("network", usage="[add, set, show, remove or known ...]", example="/network add libera irc.libera.chat")
def network_(order: Order) -> None:
    """Save networks: /network add NAME ADDRESS, then /connect NAME.

    /network set NAME autoconnect on; also nick, realname, channels, commands, addresses, certificate and proxy.
    /network show NAME shows its fields, /network remove NAME removes it, /network known lists well-known ones.
    """
    saved_networks = order.model.settings.networks
    what, name, rest = (*order.arguments.split(None, 2), "", "", "")[:3]
    if what in ("", "list"):
        for each in saved_networks.values():
            order.tell(f"{each.name}: {each.get('addresses')}{', at every start' * each.autoconnect}")
        if not saved_networks:
            order.tell(
                "There are no saved networks. /network add NAME ADDRESS saves one; /network known lists well-known "
                "ones."
            )
        return
    if what == "connect" and name:
        connect(Order(order.model, name, order.now))
        return
    if what in ("add", "modify"):
        _add(order, name, rest)
        return
    if what == "known":
        for known, address in well_known.NETWORKS.items():
            order.tell(f"{known}: {address}{', TLS' * address.tls}")
        return
    if what not in ("set", "show", "remove") or not name:
        raise SlashError("Usage: /network add NAME ADDRESS; see /help network.")
    if name not in saved_networks:
        raise SlashError(f"There is no saved network {name}. /network lists them.")
    if what == "remove":
        del saved_networks[name]
        order.tell(f"{name} was removed.")
    elif what == "set":
        field, _, value = rest.partition(" ")
        _set(saved_networks[name], field, value)
        order.tell(f"{name}: {field} = {without_password(saved_networks[name].get(field)) or '(nothing)'}")
    if what == "show":
        for field, meaning in FIELDS.items():
            order.tell(f"{field} = {without_password(saved_networks[name].get(field)) or '(nothing)'}: {meaning}")
    else:
        order.model.effects.append(SaveSettings())


def _add(order: Order, name: str, rest: str) -> None:
    """Save a network, or change a saved one. name, rest: the user's text, with other clients' switches."""
    words, values = [], {}
    typed = iter(f"{name} {rest}".split())
    for word in typed:
        if not word.startswith("-"):
            words.append(word)
        elif word in _FLAGS:
            values[_FLAGS[word]] = "on"
        elif word in _FIELDS:
            values[_FIELDS[word]] = next(typed, "")
        elif word == "-sasl_password":
            raise SlashError("Leave the password out: once you are connected, /login asks for it and hides it.")
        else:
            raise SlashError(
                f"/network add has no option {word}: first /network add NAME ADDRESS, then /network set NAME FIELD ..."
            )
    name = values.pop("name", "") or (words.pop(0) if words else "")
    if not name:
        raise SlashError("Usage: /network add NAME ADDRESS")
    secure = values.pop("tls", "") == "on"
    values.pop("", "")
    if port := values.pop("port", ""):
        words = [*words[:1], port]
    if len(words) == 2 and words[1].isdecimal():
        words = [f"{words[0]}:{words[1]}"]
    addresses = " ".join(_address(word, secure=secure) for word in words) or (name if well_known.find(name) else "")
    saved_networks = order.model.settings.networks
    saved = saved_networks.get(name) or SavedNetwork(name)
    if addresses or not saved.addresses:
        _set(saved, "addresses", addresses)
    for field, value in values.items():
        _set(saved, field, value)
    saved_networks[name] = saved
    start = f"use /network set {name} autoconnect on to connect at every start"
    order.tell(f"{name} is saved. /connect {name} connects; {'so does every start' if saved.autoconnect else start}.")
    order.model.effects.append(SaveSettings())


def _address(text: str, *, secure: bool) -> str:
    """Return an address in our form, from WeeChat's `host/port` and a switch for TLS."""
    host, slash, port = text.partition("/")
    text = f"{host}:{port}" if slash and port.isdecimal() else text
    return f"ircs://{text}" if secure and "://" not in text else text


def _set(network: SavedNetwork, field: str, value: str) -> None:
    try:
        network.set(field, value)
    except SavedNetworkError as error:
        raise SlashError(str(error)) from error


def _network_of_destination(order: Order) -> ClientNetwork:
    """Return the named network, made if need be, and show its window."""
    words = [word for word in order.words if word not in ("-tls", "-ssl")]
    saved = order.model.settings.networks.get(words[0])
    if saved:
        there = next((each for each in order.model.networks if each.saved is saved), None)
        if there is None:
            there = network_setup.make(saved, order.network.nicks.wanted, order.network.identity)
            order.model.add_network(there)
        order.model.show(there.status)
        return there
    if is_channel(words[0]):
        raise SlashError(f"{words[0]} is a channel: /join {words[0]}")
    if len(words) > 2 or (len(words) > 1 and not words[1].isdecimal()):
        raise SlashError("Usage: /connect nick@host port; greenchat asks for a password if the server needs one.")
    place = f"{words[0]}:{words[1]}" if len(words) > 1 else words[0]
    secure = bool(order.switches & {"tls", "ssl"}) or len(words) < len(order.words)
    place = _address(place, secure=secure)
    try:
        destination = parse_destination(place)
    except AddressError as error:
        raise SlashError(str(error)) from error
    model, here = order.model, order.network
    for known in model.networks:
        if known.address == destination.address or words[0].lower() == known.name.lower():
            model.show(known.status)
            return known
    host = destination.address.host
    network = ClientNetwork(
        str(destination.address) if any(known.name == host for known in model.networks) else host,
        destination.address,
        destination.nick or here.nicks.wanted,
        identity=here.identity,
    )
    network.login.certificate = here.login.certificate
    model.add_network(network)
    model.show(network.status)
    for channel in destination.channels:
        network.ask_for(channel)
        model.show(model.open(network, channel))
    return network
