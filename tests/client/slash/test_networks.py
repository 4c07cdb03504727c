"""Several networks at once."""

import pytest

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Connect, Disconnect
from greenchat.client.state.events import Connected, Received
from greenchat.protocol.message import parse
from tests.client.world import World


@pytest.fixture
def two_networks(tea: World) -> World:
    """Add a second network, whose window is shown."""
    tea.type("/connect ircs://ada@irc.other.example/cats\n")
    return tea


def test_adding_a_network(two_networks: World) -> None:
    first, second = two_networks.model.networks
    assert second.address == ServerAddress("irc.other.example", 6697, tls=True)
    assert (second.nicks.current, first.nicks.current) == ("ada", "alice")
    assert list(two_networks.model.effects) == [Connect(second)]
    assert [buffer.name for buffer in two_networks.model.buffers] == ["net", "#tea", "irc.other.example", "#cats"]
    assert two_networks.model.current.name == "#cats"


def test_two_servers_of_one_host_get_different_names(two_networks: World) -> None:
    two_networks.type("/connect irc.other.example:7000/#cats\n")
    assert [network.name for network in two_networks.model.networks] == [
        "net",
        "irc.other.example",
        "irc.other.example:7000",
    ]


def test_windows_stay_grouped_by_network(two_networks: World) -> None:
    first, second = two_networks.model.networks
    two_networks.model.open(first, "bob")
    two_networks.model.open(second, "#tea")
    names = [buffer.name for buffer in two_networks.model.buffers]
    # A new window gets the next number: the others keep theirs.
    assert names == ["net", "#tea", "irc.other.example", "#cats", "bob", "#tea"]
    for event in (Connected(), Received(parse(":s 001 ada :Hi")), Received(parse(":s 422 ada :No MOTD"))):
        two_networks.console.on_network(second, event, two_networks.now)
    second.outgoing.clear()
    for line in (":ada!a@h JOIN #tea", ":s 366 ada #tea :End", ":x!x@h PRIVMSG #tea :over there"):
        two_networks.console.on_network(second, Received(parse(line)), two_networks.now)
    assert "x: over there" not in two_networks.shown()
    two_networks.model.show(two_networks.model.buffers[-1])
    two_networks.type("hello\n")
    assert [message.format() for message in second.outgoing] == ["PRIVMSG #tea :hello", "PING said-1"]
    assert two_networks.sent() == []


def test_each_network_reconnects_by_itself(two_networks: World) -> None:
    first, second = two_networks.model.networks
    two_networks.lose()
    assert first.link.state is second.link.state
    two_networks.type("/connect irc.other.example\n")  # by its name
    assert two_networks.model.effects[-1] == Connect(second)
    two_networks.type("/connect net\n")
    assert two_networks.model.effects[-1] == Connect(first)
    assert two_networks.model.current is first.status


def test_errors_are_reported(two_networks: World) -> None:
    two_networks.type("/connect ftp://x\n")
    assert [line.text for line in two_networks.model.current.lines][
        -1
    ] == "ftp:// is not supported; use irc:// or ircs://"
    two_networks.type("/connect net\n")
    assert two_networks.shown("")[-1] == "! Already connected. Use /reconnect to connect again."
    two_networks.type("/close\n")
    assert two_networks.shown("")[-1] == "! This is a network's window. Use /disconnect first."
    two_networks.type("/networks\n")
    assert two_networks.shown("")[-2:] == [
        "- net: irc.example:9090, connected as alice",
        "- irc.other.example: irc.other.example:6697, TLS, offline as ada",
    ]


def test_closing_a_network_closes_its_windows(two_networks: World) -> None:
    first, second = two_networks.model.networks
    two_networks.type("/window irc.other\n/close\n")
    assert two_networks.model.networks == [first]
    assert [buffer.name for buffer in two_networks.model.buffers] == ["net", "#tea"]
    assert two_networks.model.current.network is first
    assert second.link.leaving
    two_networks.type("/window 1\n/close\n")
    assert two_networks.shown("")[-1] == "! This window can't be closed. Use /quit to leave greenchat."
    two_networks.type("/disconnect * bye\n")
    assert two_networks.sent() == ["QUIT :bye"]
    assert two_networks.model.effects[-1] == Disconnect(first)


@pytest.mark.parametrize("command", ["/disconnect", "/reconnect", "/server disconnect", "/server reconnect"])
def test_disconnecting_an_unknown_network_leaves_no_other(tea: World, command: str) -> None:
    tea.type(f"{command} libera\n")
    assert tea.shown()[-1] == (
        "! Network libera is not open. /networks lists the open ones; * means this window's network."
    )
    assert tea.sent() == []
    assert not tea.network.link.leaving
    assert list(tea.model.effects) == []


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("/disconnect", "QUIT"),
        ("/disconnect NET", "QUIT"),
        ("/disconnect net Good night", "QUIT :Good night"),
        ("/disconnect * Good night", "QUIT :Good night"),
        ("/disconnect -all Good night", "QUIT :Good night"),
        ("/server disconnect -all Good night", "QUIT :Good night"),
    ],
)
def test_a_reason_after_the_networks_name(tea: World, typed: str, texts: str) -> None:
    tea.type(f"{typed}\n")
    assert tea.sent() == [texts]
    assert tea.network.link.leaving
