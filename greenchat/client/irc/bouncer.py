"""Bouncers: the user's own server with connections to several networks.

soju lists its networks on the main connection; each becomes a separate network here, with a connection bound to it. ZNC
sends missed messages on request, since a given time.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md, https://wiki.znc.in/Playback
"""

from greenchat.client.irc import windows
from greenchat.client.state.effects import Connect, Disconnect
from greenchat.client.state.lines import TALK
from greenchat.client.state.model import ClientNetwork, LinkState, Model
from greenchat.protocol import caps

PLAYER = "*playback"  # ZNC's module
MOST = 100  # networks; each is a connection
ATTRIBUTES = ("name", "host", "port", "tls", "nickname", "username", "realname", "pass")  # that a user may set


def network_changed(
    model: Model, bouncer: ClientNetwork, netid: str, attributes: dict[str, str] | None, now: int
) -> None:
    """Handle a bouncer's message about one of its networks. attributes: changed ones, "" for a removed one; None if the
    network was removed.
    """
    network = network_bound_to(model, bouncer, netid)
    if attributes is None:
        former = bouncer.bouncer.networks.pop(netid, {})
        if network:
            network.link.leave()
            model.effects.append(Disconnect(network))
            model.tell(f"The bouncer removed the network {former.get('name') or network.name}.", now, network=network)
        return
    if netid not in bouncer.bouncer.networks and len(bouncer.bouncer.networks) >= MOST:
        return
    known = bouncer.bouncer.networks.setdefault(netid, {})
    before = known.get("state", ""), known.get("error", "")
    known.update(attributes)
    if network is None:
        network = _open(model, bouncer, netid)
    elif attributes.get("name"):
        network.rename(_free_name(model, network, attributes["name"]))
    if (known.get("state", ""), known.get("error", "")) != before and known.get("state") == "disconnected":
        reason = f": {known['error']}" if known.get("error") else ""
        model.complain(network, f"The bouncer is not connected to {network.name}{reason}", now)


def network_bound_to(model: Model, bouncer: ClientNetwork, netid: str) -> ClientNetwork | None:
    """Return the network whose connection is bound to a network of the bouncer."""
    return next(
        (each for each in model.networks if each.bouncer.bound == netid and each.address == bouncer.address), None
    )


def bound_to(network: ClientNetwork) -> str:
    """Return the id of the bouncer's network that a connection is bound to, by us or by its account; "" for none."""
    return network.bouncer.bound or network.isupport.tokens.get("BOUNCER_NETID", "")


def holds_session(network: ClientNetwork) -> bool:
    """Whether a bouncer manages the nickname and channels of this network itself.

    ZNC is recognized by a capability that no server has; many servers have its playback and self-message.
    """
    return bool(bound_to(network)) or "znc.in/server-time-iso" in network.caps.offered


def is_between(network: ClientNetwork) -> bool:
    """Whether messages go to a network behind a bouncer, which must not get the bouncer's password."""
    if network.link.state is not LinkState.ONLINE:
        return False
    return bool(bound_to(network) or (network.saved and network.saved.login == "pass"))


def control(network: ClientNetwork, networks: list[ClientNetwork]) -> ClientNetwork | None:
    """Return the bouncer's main connection for a network, None if there is none."""
    if network.bouncer.networks or network.caps.held & caps.BOUNCER_NETWORKS_NOTIFY:
        return network
    if not network.bouncer.bound:
        return None
    return next((each for each in networks if each.address == network.address and not each.bouncer.bound), None)


def _open(model: Model, bouncer: ClientNetwork, netid: str) -> ClientNetwork:
    """Make the network of an id, and ask for its connection."""
    network = ClientNetwork("", bouncer.address, bouncer.nicks.wanted, identity=bouncer.identity)
    network.bouncer.bound = netid
    attributes = bouncer.bouncer.networks[netid]
    name = attributes.get("name") or attributes.get("host") or f"network {netid}"
    network.rename(_free_name(model, network, name))
    network.realname = bouncer.realname
    network.login.use_like(bouncer.login)
    model.add_network(network)
    windows.reopen(model, network)
    model.effects.append(Connect(network))
    return network


def _free_name(model: Model, network: ClientNetwork, wanted: str) -> str:
    """Return a name that no other network has."""
    taken = {each.name for each in model.networks if each is not network}
    numbered = (wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3)))
    return next(name for name in numbered if name not in taken)


def ask_playback(network: ClientNetwork) -> None:
    """Request ZNC's playback since the newest line of each window; for other conversations everything."""
    if not network.caps.held & caps.ZNC_PLAYBACK:
        return
    newest = {
        buffer.name: max((line.time for line in buffer.lines if line.kind in TALK), default=0)
        for folded, buffer in network.buffers.items()
        if folded
    }
    # "number of seconds (floating point for millisecond precision) elapsed since January 1, 1970"
    latest = max(newest.values(), default=0)
    network.send("PRIVMSG", PLAYER, f"PLAY * {(latest + 1) / 1000 if latest else 0:.3f}")
