"""Saved networks: written, connected to at the start with each address in turn, and their commands on connecting."""

from pathlib import Path

import pytest

from greenchat.client.irc import network_setup, windows
from greenchat.client.net.connection import NetworkConnection
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Connect, RunCommands, SaveSettings
from greenchat.client.state.events import Disconnected
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.saved_networks import FIELDS, SavedNetwork, SavedNetworkError, from_table
from greenchat.client.state.settings import ClientSettings, SettingError, load, save
from tests.client.world import World


def home() -> SavedNetwork:
    network = SavedNetwork("home")
    for name, text in {
        "addresses": "irc.example:6667 ircs://irc2.example",
        "nick": "ada",
        "realname": "Ada L.",
        "channels": "#tea #secret:key",
        "commands": "/msg bot hello; mode ada +x",
        "autoconnect": "on",
        "certificate": "/home/ada/me.pem",
        "proxy": "socks5://localhost:9050",
    }.items():
        network.set(name, text)
    return network


def test_networks_are_written_and_read(tmp_path: Path) -> None:
    settings = ClientSettings()
    settings.networks["home"] = home()
    settings.networks['odd "name"'] = SavedNetwork('odd "name"', ["localhost"])
    save(settings, tmp_path / "client.toml")
    again = load(tmp_path / "client.toml")
    assert list(again.networks) == ["home", 'odd "name"']
    for name in FIELDS:
        assert again.networks["home"].get(name) == home().get(name), name
    assert from_table("home", dict(home().table())).table() == home().table()


def test_an_invalid_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "client.toml"
    path.write_text('[networks.home]\naddresses = ["ftp://x"]\n')
    with pytest.raises(SettingError, match="network home: ftp:// is not supported"):
        load(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("addresses", ""),
        ("addresses", "ftp://x"),
        ("autoconnect", "maybe"),
        ("nick", "a b"),
        ("proxy", "x"),
        ("no", "x"),
    ],
)
def test_invalid_networks_are_refused(name: str, text: str) -> None:
    with pytest.raises(SavedNetworkError):
        SavedNetwork("home").set(name, text)


def test_a_saved_network_becomes_a_connection() -> None:
    network = network_setup.make(home(), "guest", "id")
    assert (network.name, network.address) == ("home", ServerAddress("irc.example", 6667))
    assert (network.nicks.wanted, network.realname) == ("ada", "Ada L.")
    assert list(network.channels.items()) == [("#tea", ""), ("#secret", "key")]
    assert network.login.certificate == "/home/ada/me.pem"


def test_each_address_is_tried_in_turn() -> None:
    network = network_setup.make(home(), "guest", "id")
    connection = NetworkConnection(network, lambda _address, _connection: pytest.fail("not yet"), lambda: 0.0)
    seen = []
    for _ in range(4):
        seen.append(network.address.host)
        network.link.tries += 1  # as the handlers count failed attempts
        connection.on_event(Disconnected("nothing answers"), 0.0)
    assert seen == ["irc.example", "irc2.example", "irc.example", "irc2.example"]
    assert network.address.tls is False


def test_a_good_connection_is_restored_at_the_same_address() -> None:
    network = network_setup.make(home(), "guest", "id")
    connection = NetworkConnection(network, lambda _address, _connection: pytest.fail("not yet"), lambda: 0.0)
    connection.on_event(Disconnected("the connection was cut"), 0.0)
    assert network.address.host == "irc.example"


def test_commands_on_connecting_run_silently(world: World) -> None:
    world.network.saved = home()
    world.welcome()
    request = world.model.effects.popleft()
    assert isinstance(request, RunCommands)
    world.model.show(world.model.open(world.network, "#tea"))
    world.console.submitter.run_in(request.network.status, request.commands, world.now)
    assert world.model.current.name == "#tea"
    assert world.sent() == ["PRIVMSG bot :hello", "MODE ada +x"]
    world.feed(":srv 376 alice :End of /MOTD")  # a second MOTD does not run them again
    assert not any(isinstance(each, RunCommands) for each in world.model.effects)


def test_the_network_command_saves_and_connects(tea: World) -> None:
    tea.type("/network add libera\n")
    assert tea.model.settings.networks["libera"].addresses == ["libera"]
    assert [type(each) for each in tea.model.effects] == [SaveSettings]
    tea.type("/network set libera autoconnect on\n/network set libera channels #a #b:k\n/network set libera nick a b\n")
    assert tea.shown()[-1].startswith("! nick: 'a b' can't be a nickname")
    tea.model.effects.clear()
    tea.type("/connect libera\n")
    network = tea.model.networks[1]
    assert (network.name, network.address) == ("libera", ServerAddress("irc.libera.chat", 6697, tls=True))
    assert network.channels == {"#a": "", "#b": "k"}
    assert list(tea.model.effects) == [Connect(network)]
    tea.type("/network remove libera\n")
    assert tea.model.settings.networks == {}


def test_the_list_shows_all_networks(tea: World) -> None:
    tea.type("/network\n")
    assert "There are no saved networks" in tea.shown()[-1]
    tea.type("/network known\n")
    assert "- Libera.Chat: irc.libera.chat:6697, TLS" in tea.shown()
    tea.type("/network show nowhere\n")
    assert tea.shown()[-1] == "! There is no saved network nowhere. /network lists them."
    tea.type("/network frobnicate\n")
    assert tea.shown()[-1].startswith("! Usage: /network add NAME ADDRESS")


def test_windows_are_restored_with_numbers_and_splits() -> None:
    def model() -> Model:
        return Model(network_setup.make(home(), "guest", "id"))

    first = model()
    for number, name in ((2, "#tea"), (7, "bob"), (4, "#dev")):
        first.move(first.open(first.network, name), number)
    first.show(first.open(first.network, "#dev"))
    first.splits.add_right(first.open(first.network, "bob"), first.current)
    first.splits.add_above(first.open(first.network, "#tea"), first.current)
    second = model()
    windows.restore(second, windows.to_json(first))
    assert {(buffer.number, buffer.name) for buffer in second.buffers} == {
        (1, "home"),
        (2, "#tea"),
        (3, "#secret"),
        (4, "#dev"),
        (7, "bob"),
    }
    assert second.current.name == "#dev"
    assert [[buffer.name for buffer in column] for column in second.splits.columns] == [["#tea", "#dev"], ["bob"]]


def test_a_channel_that_was_left_is_not_joined_at_the_next_start() -> None:
    """The window stays until it is closed, and is restored with the others, to be read only."""
    first = Model(network_setup.make(home(), "guest", "id"))
    for name in ("#dev", "#left"):
        first.open(first.network, name)
    first.network.want("#dev")
    second = Model(network_setup.make(home(), "guest", "id"))
    windows.restore(second, windows.to_json(first))
    assert [buffer.name for buffer in second.buffers if buffer.name != "home"] == ["#dev", "#left", "#tea", "#secret"]
    assert list(second.network.channels) == ["#tea", "#secret", "#dev"]


def test_windows_of_networks_that_were_not_opened_stay_saved() -> None:
    first, other = (
        Model(network_setup.make(home(), "guest", "id")),
        Model(ClientNetwork("other", ServerAddress("b", 1), "guest")),
    )
    other.network.saved = SavedNetwork("other")
    first.show(first.open(first.network, "#dev"))
    text = windows.to_json(other, windows.to_json(first))
    again = Model(network_setup.make(home(), "guest", "id"))
    windows.restore(again, text)
    assert again.current.name == "#dev"
    assert text.count("other") == 1


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"network": "gone", "name": "#x"}]', '{"a": 1}'])
def test_with_an_unreadable_file_the_channels_are_opened(text: str) -> None:
    model = Model(network_setup.make(home(), "guest", "id"))
    windows.restore(model, text)
    assert [buffer.name for buffer in model.buffers] == ["home", "#tea", "#secret"]
