"""Several networks at once."""

import pytest

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Connect, Disconnect
from greenchat.client.state.events import Connected, Received
from greenchat.protocol.message import parse
from tests.client.world import World


@pytest.fixture
def two(tea: World) -> World:
    """A second network beside the first; its window is shown."""
    tea.type("/connect ircs://ada@irc.other.example/cats\n")
    return tea


def test_one_more_network(two: World) -> None:
    first, second = two.model.networks
    assert second.address == ServerAddress("irc.other.example", 6697, tls=True)
    assert (second.nicks.current, first.nicks.current) == ("ada", "alice")
    assert list(two.model.effects) == [Connect(second)]
    assert [buffer.name for buffer in two.model.buffers] == ["net", "#tea", "irc.other.example", "#cats"]
    assert two.model.current.name == "#cats"


def test_two_servers_of_one_host_have_names_of_their_own(two: World) -> None:
    two.type("/connect irc.other.example:7000/#cats\n")
    assert [network.name for network in two.model.networks] == ["net", "irc.other.example", "irc.other.example:7000"]


def test_windows_stay_with_their_network(two: World) -> None:
    first, second = two.model.networks
    two.model.open(first, "bob")
    two.model.open(second, "#tea")
    names = [buffer.name for buffer in two.model.buffers]
    # A new window gets the next number: those that are there keep theirs.
    assert names == ["net", "#tea", "irc.other.example", "#cats", "bob", "#tea"]
    for event in (Connected(), Received(parse(":s 001 ada :Hi")), Received(parse(":s 422 ada :No MOTD"))):
        two.console.on_network(second, event, two.now)
    second.outgoing.clear()
    for line in (":ada!a@h JOIN #tea", ":s 366 ada #tea :End", ":x!x@h PRIVMSG #tea :over there"):
        two.console.on_network(second, Received(parse(line)), two.now)
    assert "x: over there" not in two.shown()
    two.model.show(two.model.buffers[-1])
    two.type("hello\n")
    assert [message.format() for message in second.outgoing] == ["PRIVMSG #tea :hello", "PING said-1"]
    assert two.sent() == []


def test_each_reconnects_by_itself(two: World) -> None:
    first, second = two.model.networks
    two.lose()
    assert first.link.state is second.link.state
    two.type("/connect irc.other.example\n")  # by its name
    assert two.model.effects[-1] == Connect(second)
    two.type("/connect net\n")
    assert two.model.effects[-1] == Connect(first)
    assert two.model.current is first.status


def test_what_can_not_be_done_is_said(two: World) -> None:
    two.type("/connect ftp://x\n")
    assert [line.text for line in two.model.current.lines][-1] == "ftp:// is not supported; use irc:// or ircs://"
    two.type("/connect net\n")
    assert two.shown("")[-1] == "! Already connected. Use /reconnect to connect again."
    two.type("/close\n")
    assert two.shown("")[-1] == "! This is a network's window. Use /disconnect first."
    two.type("/networks\n")
    assert two.shown("")[-2:] == [
        "- net: irc.example:9090, connected as alice",
        "- irc.other.example: irc.other.example:6697, TLS, offline as ada",
    ]


def test_a_network_goes_with_its_windows(two: World) -> None:
    first, second = two.model.networks
    two.type("/window irc.other\n/close\n")
    assert two.model.networks == [first]
    assert [buffer.name for buffer in two.model.buffers] == ["net", "#tea"]
    assert two.model.current.network is first
    assert second.link.leaving
    two.type("/window 1\n/close\n")
    assert two.shown("")[-1] == "! This window can't be closed. Use /quit to leave greenchat."
    two.type("/disconnect * bye\n")
    assert two.sent() == ["QUIT :bye"]
    assert two.model.effects[-1] == Disconnect(first)


@pytest.mark.parametrize("command", ["/disconnect", "/reconnect", "/server disconnect", "/server reconnect"])
def test_the_name_of_a_network_that_is_not_open_is_no_reason_to_leave_another(tea: World, command: str) -> None:
    tea.type(f"{command} libera\n")
    assert tea.shown()[-1] == (
        "! Network libera is not open. /networks lists the open ones; * means this window's network."
    )
    assert tea.sent() == []
    assert not tea.network.link.leaving
    assert list(tea.model.effects) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/disconnect", "QUIT"),
        ("/disconnect NET", "QUIT"),
        ("/disconnect net Good night", "QUIT :Good night"),
        ("/disconnect * Good night", "QUIT :Good night"),
        ("/disconnect -all Good night", "QUIT :Good night"),
        ("/server disconnect -all Good night", "QUIT :Good night"),
    ],
)
def test_the_reason_stands_behind_the_network(tea: World, typed: str, said: str) -> None:
    tea.type(f"{typed}\n")
    assert tea.sent() == [said]
    assert tea.network.link.leaving
