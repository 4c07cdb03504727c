"""Networks of the settings: created, tried at each of their addresses, and set up after connecting.

Their open windows are restored.
"""

from greenchat.client.state.destination import parse_destination
from greenchat.client.state.effects import RunCommands
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.saved_networks import SavedNetwork


def make(saved: SavedNetwork, nick: str, identity: str) -> ClientNetwork:
    """Return the network of a saved one. nick: the default."""
    first = parse_destination(saved.addresses[0])
    network = ClientNetwork(saved.name, first.address, saved.nick or first.nick or nick, identity=identity)
    network.apply_settings(saved)
    return network


def try_next_address(network: ClientNetwork) -> None:
    """Use the next address for the next attempt, after one in vain."""
    if network.saved is None or len(network.saved.addresses) < 2:
        return
    addresses = [parse_destination(each).address for each in network.saved.addresses]
    place = addresses.index(network.address) if network.address in addresses else -1
    network.address = addresses[(place + 1) % len(addresses)]


def run_commands(model: Model, network: ClientNetwork) -> None:
    """Run the network's commands after registration."""
    if network.saved and network.saved.commands:
        model.effects.append(RunCommands(network, tuple(network.saved.commands)))
