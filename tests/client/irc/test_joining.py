"""Joining channels, and fetching the members where the server does not send them.

https://ircv3.net/specs/extensions/no-implicit-names
"""

import sys

from greenchat.client.net.connection import NetworkConnection
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.isupport import FoldedNames
from greenchat.protocol.casemap import ascii_fold, rfc1459_fold
from tests.client.world import World

CAPS = "draft/no-implicit-names echo-message batch labeled-response message-tags draft/chathistory server-time"


class Wire:
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def start(self) -> None:
        """Do nothing: there is nothing to connect."""

    def send(self, lines: bytes) -> None:
        self.sent += lines.decode().splitlines()

    def close(self, _reason: str) -> None:
        """Do nothing: there is nothing to close."""

    def join(self, _seconds: float) -> None:
        """Do nothing: there is no thread to wait for."""


def test_names_of_the_shown_window_are_fetched_at_once_and_others_when_shown(world: World) -> None:
    """ "Servers ... MUST NOT send implicit NAMES responses" to clients that negotiated the capability."""
    world.welcome(CAPS)
    world.feed(":alice!al@h JOIN #cake")
    assert not any("NAMES" in line for line in world.sent())
    world.type("/join #tea\n")
    world.sent()
    world.feed(":alice!al@h JOIN #tea")
    assert "NAMES #tea" in world.sent()
    world.feed(":srv 353 alice = #tea :alice bob", ":srv 366 alice #tea :End")
    world.type("/window #cake\n")
    assert "NAMES #cake" in world.sent()
    world.type("/window #tea\n")
    world.type("/window #cake\n")
    assert not any("NAMES" in line for line in world.sent())


def test_nothing_waits_for_the_names(world: World) -> None:
    """Messages typed before are sent with the JOIN, and the history is fetched."""
    world.welcome(CAPS)
    world.type("/join #tea\nhello\n")
    world.sent()
    world.feed(":alice!al@h JOIN #tea")
    sent = world.sent()
    assert any(line.endswith("PRIVMSG #tea hello") or "PRIVMSG #tea :hello" in line for line in sent)
    assert any("CHATHISTORY LATEST #tea" in line for line in sent)


def test_names_of_all_others_are_fetched_slowly_and_messages_go_first(world: World) -> None:
    world.network.address = ServerAddress("localhost", 1)
    wire = Wire()
    connection = NetworkConnection(world.network, lambda _address, _connection: wire, lambda: 0.0)
    connection.connect()
    world.welcome(CAPS)
    connection.tick(0.0)
    for number in range(20):
        world.feed(f":alice!al@h JOIN #c{number:02}")
    world.sent()
    time = 1.0
    asked: list[int] = []
    while len(asked) < 20:
        connection.tick(time)
        asked = [place for place, line in enumerate(wire.sent) if line.startswith("NAMES")]
        if len(asked) == 15 and not any("WHOIS bob" in line for line in wire.sent):
            world.network.send("WHOIS", "bob")
            connection.tick(time + 0.5)
            assert wire.sent[-1] == "WHOIS bob"
        assert connection.deadline(time) is not None
        time += 0.5
    assert {wire.sent[place] for place in asked} == {f"NAMES #c{number:02}" for number in range(20)}
    assert time > 3  # not all at once


def test_isupport_is_known_before_the_welcome(world: World) -> None:
    """https://ircv3.net/specs/extensions/extended-isupport: "a new `ISUPPORT` command ... before registration"."""
    world.connect()
    world.feed(":srv CAP * LS :draft/extended-isupport batch", ":srv CAP * ACK :draft/extended-isupport batch")
    assert "ISUPPORT" in world.sent()
    world.feed(
        ":srv BATCH +i draft/isupport",
        "@batch=i :srv 005 * CHANTYPES=!# CASEMAPPING=ascii :are supported",
        ":srv BATCH -i",
    )
    assert world.network.isupport.chantypes == "!#"


def test_one_version_of_metadata_is_requested(world: World) -> None:
    """ "Clients MUST NOT request more than one of" them."""
    for offered, wanted in (
        ("draft/metadata-2", "draft/metadata-2"),
        ("draft/metadata-2 draft/metadata-3", "draft/metadata-3"),
    ):
        world.connect()
        world.feed(f":srv CAP * LS :{offered}")
        assert [line for line in world.sent() if "REQ" in line] == [f"CAP REQ {wanted}"]
        world.lose()


def test_ignored_users_are_not_shown_behind_a_relay_either(tea: World) -> None:
    tea.model.settings.ignored = ["bridge", "rude/irc"]
    tea.feed(
        "@draft/relaymsg=bridge :bob/irc!b@h PRIVMSG #tea :through the bridge",
        "@draft/relaymsg=other :rude/irc!b@h PRIVMSG #tea :rude",
        "@draft/relaymsg=other :bob/irc!b@h PRIVMSG #tea :hello",
    )
    assert [line for line in tea.shown() if "bob/irc" in line or "rude" in line] == ["bob/irc: hello"]


def test_names_are_printed_once_all_are_known(world: World) -> None:
    """A script runs /names at once after joining: by then only the user is known."""
    world.welcome(CAPS)
    world.feed(":alice!al@h JOIN #cake")
    world.type("/window #cake\n/names\n")
    assert [line for line in world.sent() if "NAMES" in line] == ["NAMES #cake"]
    assert not any(" in #cake" in line for line in world.shown("#cake"))
    world.feed(":srv 353 alice = #cake :alice @bob", ":srv 366 alice #cake :End")
    assert world.shown("#cake")[-1] == "- 2 in #cake: @bob alice"
    world.type("/names\n")
    assert world.shown("#cake")[-2:] == ["- 2 in #cake: @bob alice"] * 2
    assert not any("NAMES" in line for line in world.sent())


def _calls_of_joining(channels: int) -> int:
    """Return how many functions are called while joining so many channels, receiving their names, and leaving them."""
    world = World()
    connection = NetworkConnection(world.network, lambda *_: Wire(), lambda: 0.0)
    connection.connect()
    names = [f"#channel{number}" for number in range(channels)]
    for name in names:
        world.network.ask_for(name)
    called = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        world.come_in("draft/no-implicit-names")
        for name in names:
            world.feed(f":alice!al@host.example JOIN {name}")
        for place, name in enumerate(names):
            connection.tick(float(place))
            world.feed(f":srv 353 alice = {name} :@alice", f":srv 366 alice {name} :End")
        for name in names:
            world.feed(f":alice!al@host.example PART {name}")
    finally:
        sys.setprofile(before)
    assert len(world.network.channels) == 1, "#tea, which the server never let us into"
    return called


def test_many_channels_cost_no_more_each_than_a_few() -> None:
    _calls_of_joining(1)
    few, many = _calls_of_joining(40), _calls_of_joining(160)
    assert many < 4.6 * few


def test_nicks_are_compared_by_the_networks_casemapping() -> None:
    names = FoldedNames(rfc1459_fold)
    names["#Tea[1]"] = "key"
    assert "#tea{1}" in names
    names["#TEA{1}"] = "other"
    assert dict(names) == {"#TEA{1}": "other"}
    names.refold(ascii_fold)
    assert "#tea[1]" not in names
    assert names.pop("#tea{1}") == "other"
    assert list(names) == []
