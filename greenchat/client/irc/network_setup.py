"""Networks of the settings: created, tried at each of their addresses, and set up after connecting.

Their open windows are restored.
"""

from greenchat.client.state.destination import parse_destination
from greenchat.client.state.effects import RunCommands
from greenchat.client.state.kept_networks import KeptNetwork
from greenchat.client.state.model import ClientNetwork, Model


def make(kept: KeptNetwork, nick: str, identity: str) -> ClientNetwork:
    """Return the network of a saved one. nick: the default."""
    first = parse_destination(kept.addresses[0])
    network = ClientNetwork(kept.name, first.address, kept.nick or first.nick or nick, identity=identity)
    network.kept = kept
    network.realname = kept.realname
    network.login.certificate = kept.certificate
    for channel, key in kept.wanted.items():
        network.want(channel, key)
    return network


def try_next_address(network: ClientNetwork) -> None:
    """Use the next address for the next attempt, after one in vain."""
    if network.kept is None or len(network.kept.addresses) < 2:
        return
    addresses = [parse_destination(each).address for each in network.kept.addresses]
    place = addresses.index(network.address) if network.address in addresses else -1
    network.address = addresses[(place + 1) % len(addresses)]


def came_in(model: Model, network: ClientNetwork) -> None:
    """Run the network's commands after registration."""
    if network.kept and network.kept.commands:
        model.effects.append(RunCommands(network, tuple(network.kept.commands)))
