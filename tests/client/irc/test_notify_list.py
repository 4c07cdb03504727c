"""The notify list: which nicks are shown, how the server is asked about them, and what is saved."""

import pytest

from greenchat.client.irc.notify_list import ASK_SECONDS, Watched, parse
from greenchat.client.net.connection import NetworkConnection
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import SaveSettings
from greenchat.client.state.events import Connected, Received
from greenchat.client.state.model import ClientNetwork, LinkState
from greenchat.protocol.message import parse as parse_message
from tests.client.net.test_connection import FakeWire
from tests.client.world import World


@pytest.fixture
def monitoring(world: World) -> World:
    """Make alice's client in #tea on a server with MONITOR, with bob on the saved list."""
    world.model.settings.notified = ["bob"]
    world.connect()
    world.feed(
        ":srv 001 alice :Welcome alice",
        ":srv 005 alice MONITOR=3 CASEMAPPING=ascii CHANTYPES=# PREFIX=(ov)@+ :are supported",
        ":srv 422 alice :No MOTD",
    )
    return world


def test_the_list_is_sent_with_monitor(monitoring: World) -> None:
    assert "MONITOR + bob" in monitoring.sent()
    monitoring.join()
    # "`:<server> 730 <nick> :target[!user@host][,target[!user@host]]*`"
    monitoring.feed(":srv 730 alice :bob!b@host.example")
    assert monitoring.shown()[-1] == "- bob is online (b@host.example)."
    monitoring.feed(":srv 731 * :Bob")
    assert monitoring.shown()[-1] == "- Bob has gone offline."


def test_known_states_are_not_shown_again(monitoring: World) -> None:
    monitoring.join()
    monitoring.feed(":srv 730 alice :bob", ":srv 730 alice :bob!b@h,stranger!s@h", ":srv 730 alice :alice!a@h")
    assert [line for line in monitoring.shown() if "online" in line] == ["- bob is online."]
    monitoring.lose()
    monitoring.come_in()
    monitoring.feed(":srv 730 alice :bob")
    assert sum("online" in line for line in monitoring.shown()) == 1
    monitoring.feed(":srv 731 alice :bob", ":srv 731 alice :bob,stranger")
    assert sum("has gone offline" in line for line in monitoring.shown()) == 1


def test_changes_of_the_list_are_saved(monitoring: World) -> None:
    monitoring.join()
    monitoring.type("/notify carol\n/notify -away dave net\n/notify eve\n")
    # "MONITOR=3": the server accepts no more
    assert monitoring.sent() == ["MONITOR + carol", "MONITOR + dave"]
    assert monitoring.model.settings.notified == ["bob", "carol", "dave -away net", "eve"]
    assert monitoring.model.effects[-1] == SaveSettings()
    monitoring.feed(":srv 730 alice :carol!c@h", ":srv 731 alice :dave")
    monitoring.type("/notify\n")
    assert monitoring.shown()[-4:] == [
        "- bob (net): not known",
        "- carol (net): online",
        "- dave -away net (net): not online",
        "- eve (net): not known",
    ]
    monitoring.type("/unnotify BOB\n")
    assert monitoring.sent() == ["MONITOR - bob", "MONITOR + eve"]
    monitoring.type("/unnotify bob\n")
    assert monitoring.shown()[-1] == "! bob is not on your notify list. /notify shows the list."


@pytest.mark.parametrize("wrong", ["*!*@example.org", "bob*", "a,b"])
def test_masks_are_not_monitored(monitoring: World, wrong: str) -> None:
    monitoring.type(f"/notify {wrong}\n")
    assert monitoring.shown("")[-1] == "! The notify list takes nicknames only: /notify nick"
    assert monitoring.model.settings.notified == ["bob"]


def test_nicks_of_another_networks_list_are_not_monitored(monitoring: World) -> None:
    monitoring.sent()
    monitoring.type("/notify carol libera\n")
    assert monitoring.sent() == []
    assert Watched("carol", "libera").is_on(ClientNetwork("libera", ServerAddress("irc.example", 6667), "alice"))


def test_being_away(monitoring: World) -> None:
    monitoring.join()
    # "If `away-notify` is also enabled, the client will get AWAY notifications for monitored nicks."
    monitoring.feed(":bob!b@h AWAY :lunch")
    assert not any("lunch" in line for line in monitoring.shown())
    monitoring.type("/notify -away bob\n")
    monitoring.feed(":bob!b@h AWAY :lunch", ":bob!b@h AWAY")
    assert monitoring.shown()[-2:] == ["- bob is away: lunch", "- bob is back."]


def test_the_wanted_nick_stays_monitored_if_it_is_on_the_list(world: World) -> None:
    world.model.settings.notified = ["alice"]
    world.connect()
    world.feed(
        ":srv 433 * alice :Nickname is already in use",
        ":srv 001 alice_ :Welcome alice_",
        ":srv 005 alice_ MONITOR CASEMAPPING=ascii :are supported",
        ":srv 422 alice_ :No MOTD",
    )
    assert "MONITOR + alice" in world.sent()
    world.feed(":srv 731 alice_ :alice", ":alice_!a@h NICK alice")
    assert "MONITOR - alice" not in world.sent()


@pytest.fixture
def asking(tea: World) -> World:
    """Make alice's client in #tea on a server without MONITOR, with bob and carol on the list."""
    tea.type("/notify bob\n/notify carol\n")
    tea.sent()
    tea.feed(":srv 303 alice :", ":srv 303 alice :")
    return tea


def test_without_monitor_ison_is_sent(asking: World) -> None:
    wire = FakeWire()
    connection = NetworkConnection(asking.network, lambda _address, _connection: wire, lambda: 0.0)
    connection.wire = wire
    for now in range(1000, 1000 + 3 * ASK_SECONDS, 10):
        connection.on_event(Connected() if now == 1000 else Received(parse_message(":srv PONG")), float(now))
        connection.tick(float(now))
        asked = wire.lines.count("ISON bob carol")
        assert asked == (now - 1000) // ASK_SECONDS
    asking.feed(":srv 303 alice :Bob ")
    assert asking.shown()[-1] == "- bob is online."
    asking.feed(":srv 303 alice :")
    assert asking.shown()[-1] == "- bob has gone offline."


def test_answers_to_the_users_own_command_are_shown(asking: World) -> None:
    asking.type("/ison bob dave\n")
    assert asking.sent() == ["ISON bob dave"]
    asking.feed(":srv 303 alice :dave")
    assert asking.shown()[-1] == "- Online now: dave"
    assert asking.network.presence.present == {"bob": False, "carol": False}


def test_without_monitor_the_wanted_nick_is_queried_too(world: World) -> None:
    world.connect()
    world.feed(":srv 433 * alice :in use", ":srv 001 alice_ :Welcome alice_", ":srv 422 alice_ :No MOTD")
    assert "ISON alice" in world.sent()
    world.feed(":srv 303 alice_ :alice")
    assert world.sent() == []
    world.network.presence.ison_requests.append(("alice",))
    world.feed(":srv 303 alice_ :")
    assert world.sent() == ["NICK alice"]


def test_long_lists_take_several_lines(tea: World) -> None:
    tea.model.settings.notified = [f"somebody{number:03}" for number in range(100)]
    tea.lose()
    assert tea.network.link.state is LinkState.OFFLINE
    tea.come_in()
    asked = [line for line in tea.sent() if line.startswith("ISON ")]
    assert sum(len(line.split()) - 1 for line in asked) == 100
    assert len(asked) == 4
    assert all(len(line) < 450 for line in asked)


@pytest.mark.parametrize("each", [Watched("bob"), Watched("bob", "libera"), Watched("bob", "libera", away=True)])
def test_a_saved_list_is_read_again(each: Watched) -> None:
    assert parse(str(each)) == each
