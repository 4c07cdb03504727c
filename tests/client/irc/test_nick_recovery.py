"""The wanted nickname comes back as soon as nobody else has it."""

import pytest

from tests.client.world import World


@pytest.fixture
def guest(world: World) -> World:
    """Alice, whom the server calls alice_ because somebody else is alice; MONITOR is there."""
    world.connect()
    world.feed(
        ":srv 433 * alice :Nickname is already in use",
        ":srv 001 alice_ :Welcome alice_",
        ":srv 005 alice_ MONITOR=100 CASEMAPPING=ascii :are supported",
        ":srv 422 alice_ :No MOTD",
    )
    return world


def test_the_server_tells_when_it_is_free(guest: World) -> None:
    assert "MONITOR + alice" in guest.sent()
    # "RPL_MONOFFLINE: `:<server> 731 <nick> :target[,target2]*`"
    guest.feed(":srv 730 alice_ :alice!a@h", ":srv 731 alice_ :Alice")
    assert guest.sent() == ["NICK alice"]
    guest.feed(":alice_!a@h NICK alice")
    assert guest.sent() == ["MONITOR - alice"]
    assert guest.network.nicks.current == "alice"


def test_who_was_faster_is_no_news(guest: World) -> None:
    guest.sent()
    guest.feed(":srv 731 alice_ :alice", ":srv 433 alice_ alice :Nickname is already in use")
    assert guest.sent() == ["NICK alice"]
    assert not any("alice" in line for line in guest.shown("")[-1:] if line.startswith("! You can't"))


@pytest.mark.parametrize("line", [":alice!x@h QUIT :bye", ":alice!x@h NICK other"])
def test_without_monitor_it_is_seen_in_a_channel(world: World, line: str) -> None:
    world.connect()
    world.feed(":srv 433 * alice :In use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    world.feed(":alice_!a@h JOIN #tea", ":srv 353 alice_ = #tea :alice_ alice", ":srv 366 alice_ #tea :End")
    world.sent()
    world.feed(line)
    assert world.sent() == ["NICK alice"]


def test_a_name_that_was_asked_for_in_vain_is_not_waited_for(tea: World) -> None:
    tea.type("/nick bob\n")
    tea.feed(":srv 433 alice bob :Nickname is already in use", ":bob!b@h QUIT :bye")
    assert tea.sent() == ["NICK bob"]
    tea.type("/nick eve\n")
    tea.feed(":alice!a@h NICK eve")
    assert tea.network.nicks.wanted == "eve"


def test_a_name_that_the_server_gave_is_not_the_wanted_one(tea: World) -> None:
    tea.feed(":alice!a@h NICK Guest42")
    tea.lose()
    tea.connect()
    assert "NICK alice" in tea.sent()
