"""The registration at a server: capabilities, the nick, and the welcome."""

import pytest

from greenchat.client.state.model import LinkState
from greenchat.protocol import caps
from tests.client.world import World


def test_registration_begins_with_cap(world: World) -> None:
    world.connect()
    assert world.sent() == ["CAP LS 302", "NICK alice", "USER alice 0 * alice"]


def test_known_capabilities_are_requested_once_all_are_listed(world: World) -> None:
    world.connect()
    world.sent()
    # "all but the last reply MUST have a parameter containing only an asterisk"
    world.feed(":srv CAP * LS * :multi-prefix sasl=PLAIN")
    assert world.sent() == []
    world.feed(":srv CAP * LS :draft/new server-time echo-message")
    assert world.sent() == ["CAP REQ :echo-message multi-prefix server-time"]
    world.feed(":srv CAP * ACK :server-time echo-message multi-prefix")
    assert world.sent() == ["CAP END"]
    assert world.network.caps.held == caps.SERVER_TIME | caps.ECHO_MESSAGE | caps.MULTI_PREFIX


@pytest.mark.parametrize("answer", [":srv CAP * LS :", ":srv CAP * LS :draft/only-new"])
def test_without_known_capabilities_negotiation_ends(world: World, answer: str) -> None:
    world.connect()
    world.sent()
    world.feed(answer)
    assert world.sent() == ["CAP END"]


def test_a_refused_request_ends_negotiation(world: World) -> None:
    world.connect()
    world.feed(":srv CAP * LS :batch")
    world.sent()
    world.feed(":srv CAP * NAK :batch")
    assert world.sent() == ["CAP END"]
    assert world.network.caps.held == 0


def test_new_and_removed_capabilities(tea: World) -> None:
    tea.feed(":srv CAP alice NEW :away-notify chghost=x")
    assert tea.sent() == ["CAP REQ :away-notify chghost"]
    tea.feed(":srv CAP alice ACK :away-notify chghost")
    assert tea.sent() == []
    tea.feed(":srv CAP alice DEL :chghost")
    assert tea.network.caps.held == caps.AWAY_NOTIFY


def test_a_server_without_cap(world: World) -> None:
    world.connect()
    world.sent()
    world.feed(":srv 421 alice CAP :Unknown command", ":srv 001 alice :Welcome", ":srv 376 alice :End of MOTD")
    assert world.network.link.state is LinkState.ONLINE
    assert world.sent() == ["JOIN #tea"]


def test_another_nick_is_tried_until_one_is_free(world: World) -> None:
    world.connect()
    world.sent()
    world.feed(":srv 433 * alice :Nickname is already in use")
    assert world.sent() == ["NICK alice_"]
    world.feed(":srv 433 * alice_ :Nickname is already in use", ":srv 001 alice__ :Welcome")
    assert world.sent() == ["NICK alice__"]
    assert world.network.nicks.current == "alice__"


def test_a_refused_nick_change_is_reported(tea: World) -> None:
    tea.feed(":srv 433 alice bob :Nickname is already in use")
    assert tea.sent() == []
    assert tea.shown()[-1] == "! The nickname bob was refused: Nickname is already in use"


def test_ping_is_answered(tea: World) -> None:
    tea.feed("PING :some token")
    assert tea.sent() == ["PONG :some token"]


def test_the_servers_casemapping_is_used(world: World) -> None:
    world.connect()
    world.feed(":srv 001 alice :hi", ":srv 005 alice CASEMAPPING=ascii :are supported")
    world.join(channel="#a[b]")
    assert world.network.find("#A[B]")
    assert world.network.find("#a{b}") is None


def test_the_welcome_is_shown_in_the_server_window(tea: World) -> None:
    tea.feed(":srv 001 alice :Welcome", ":srv 372 alice :- Be kind", ":srv MODE alice +i", ":srv 376 alice :End")
    assert not any("Be kind" in line or "+i" in line for line in tea.shown())
    assert tea.shown("")[-2:] == ["* - Be kind", "* Mode of alice: +i"]
