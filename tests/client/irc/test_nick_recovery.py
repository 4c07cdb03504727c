"""The wanted nick is taken back as soon as it is free."""

import pytest

from tests.client.world import World


@pytest.fixture
def guest(world: World) -> World:
    """Make alice's client, which the server calls alice_ since another user is alice; MONITOR is supported."""
    world.connect()
    world.feed(
        ":srv 433 * alice :Nickname is already in use",
        ":srv 001 alice_ :Welcome alice_",
        ":srv 005 alice_ MONITOR=100 CASEMAPPING=ascii :are supported",
        ":srv 422 alice_ :No MOTD",
    )
    return world


def test_monitor_tells_that_the_nick_is_free(guest: World) -> None:
    assert "MONITOR + alice" in guest.sent()
    # "RPL_MONOFFLINE: `:<server> 731 <nick> :target[,target2]*`"
    guest.feed(":srv 730 alice_ :alice!a@h", ":srv 731 alice_ :Alice")
    assert guest.sent() == ["NICK alice"]
    guest.feed(":alice_!a@h NICK alice")
    assert guest.sent() == ["MONITOR - alice"]
    assert guest.network.nicks.current == "alice"


def test_a_nick_taken_by_another_user_meanwhile_is_not_reported(guest: World) -> None:
    guest.sent()
    guest.feed(":srv 731 alice_ :alice", ":srv 433 alice_ alice :Nickname is already in use")
    assert guest.sent() == ["NICK alice"]
    assert not any("alice" in line for line in guest.shown("")[-1:] if line.startswith("! You can't"))


@pytest.mark.parametrize("line", [":alice!x@h QUIT :bye", ":alice!x@h NICK other"])
def test_without_monitor_a_quit_or_nick_change_is_noticed(world: World, line: str) -> None:
    world.connect()
    world.feed(":srv 433 * alice :In use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    world.feed(":alice_!a@h JOIN #tea", ":srv 353 alice_ = #tea :alice_ alice", ":srv 366 alice_ #tea :End")
    world.sent()
    world.feed(line)
    assert world.sent() == ["NICK alice"]


def test_a_nick_refused_by_command_is_not_waited_for(tea: World) -> None:
    tea.type("/nick bob\n")
    tea.feed(":srv 433 alice bob :Nickname is already in use", ":bob!b@h QUIT :bye")
    assert tea.sent() == ["NICK bob"]
    tea.type("/nick eve\n")
    tea.feed(":alice!a@h NICK eve")
    assert tea.network.nicks.wanted == "eve"


def test_a_nick_given_by_the_server_is_not_the_wanted_one(tea: World) -> None:
    tea.feed(":alice!a@h NICK Guest42")
    tea.lose()
    tea.connect()
    assert "NICK alice" in tea.sent()
