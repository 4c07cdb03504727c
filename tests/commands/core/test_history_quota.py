"""Limits of what a client may add to the history in a minute, and the order of refusals when the disk is nearly
full.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.protection.history_quota import EVENT
from greenchat.commands.core.history_events import size_of
from greenchat.config.options import Connections, Options, Throttle
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import Message
from greenchat.storage.interface import HistorySpan
from tests.commands.devices import make_account
from tests.commands.state_changes import advance_clock
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people

CAPS = "message-tags batch draft/multiline"
LINE = "x" * 200
FAST = Throttle(commands=1000, burst=10_000, newcomer_burst=10_000)
QUICK = Settings(accounts=AccountSettings(iterations=4096))
Start = Callable[[Throttle], ServerThread]


@pytest.fixture
def start(start_server: StartServer, tmp_path: Path) -> Start:
    """Start a server with these limits, and without the exemption of any address."""

    def start(throttle: Throttle) -> ServerThread:
        options: Options = replace(quick_options(tmp_path), throttle=throttle, connections=Connections(exempt=()))
        return start_server(QUICK, options)

    return start


def refusals(messages: list[Message]) -> list[tuple[str, ...]]:
    """Return the refusals, without the text."""
    return [message.params[:2] for message in messages if message.command == "FAIL"]


def fill(client: Client, target: str) -> int:
    """Send messages until one is refused; return the number of accepted ones."""
    for count in range(1000):
        if refused := refusals(client.run(f"PRIVMSG {target} :{LINE}")):
            assert refused == [("PRIVMSG", "RATE_LIMITED")]
            return count
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    "line",
    [
        "PRIVMSG #tea :more",
        "PRIVMSG bob :more",
        "NOTICE #tea :more",
        "@+draft/react=x TAGMSG #tea",
        "TOPIC #tea :more",
        "METADATA * SET url :http://example.org",
    ],
)
def test_limit_of_a_connection(start: Start, line: str) -> None:
    server = start(replace(FAST, stored_per_connection=16, stored_per_account=0, stored_per_address=0))
    with people(server.address, "alice", "bob", caps=f"{CAPS} draft/metadata-2", channel="#tea") as (alice, bob):
        assert 8 * 1024 // 400 < fill(alice, "#tea") <= 16 * 1024 // 200
        (refused,) = [message for message in alice.run(line) if message.command == "FAIL"]
        assert refused.params[:2] == (line.removeprefix("@+draft/react=x ").split()[0], "RATE_LIMITED")
        assert refused.params[-1].startswith("You are sending too much: try again in ")
        assert "more" not in [message.params[-1] for message in bob.sync()]
        # queries are answered, and others can talk
        assert alice.run("TOPIC #tea")[0].command == "331"
        assert refusals(alice.run("PRIVMSG NickServ :HELP", "PART #tea", "JOIN #tea")) == []
        assert refusals(bob.run(f"PRIVMSG alice :{LINE}")) == []


def test_a_multiline_message_counts(start: Start) -> None:
    server = start(replace(FAST, stored_per_connection=16))
    with people(server.address, "alice", caps=CAPS, channel="#tea") as (alice,):
        fill(alice, "#tea")
        lines = ["BATCH +1 draft/multiline #tea", "@batch=1 PRIVMSG #tea :a", "@batch=1 PRIVMSG #tea :b", "BATCH -1"]
        assert refusals(alice.run(*lines)) == [("PRIVMSG", "RATE_LIMITED")]


def test_limit_of_an_address_over_all_its_connections(start: Start) -> None:
    server = start(replace(FAST, stored_per_connection=0, stored_per_account=0, stored_per_address=32))
    with people(server.address, "alice", "bob", caps=CAPS, channel="#tea") as (alice, bob):
        fill(alice, "#tea")
        assert fill(bob, "#tea") == 0


def test_limit_of_an_account_over_all_its_connections(start: Start) -> None:
    server = start(replace(FAST, stored_per_connection=0, stored_per_account=32, stored_per_address=0))
    make_account(server.address, "alice")
    with (
        Client(server.address, "one", caps=CAPS) as one,
        Client(server.address, "two", caps=CAPS) as two,
        people(server.address, "bob", channel="#tea") as (bob,),
    ):
        for client in (one, two):
            client.run("NS IDENTIFY alice :sesame open")
            client.join("#tea")
        fill(one, "#tea")
        assert fill(two, "#tea") == 0
        assert refusals(bob.run(f"PRIVMSG #tea :{LINE}")) == []


def test_the_limit_renews_each_minute(start: Start) -> None:
    server = start(replace(FAST, stored_per_connection=16))
    with people(server.address, "alice", caps=CAPS, channel="#tea") as (alice,):
        fill(alice, "#tea")
        advance_clock(server, 60_000)
        assert fill(alice, "#tea") > 0


def test_without_a_throttle_there_is_no_limit(start: Start) -> None:
    server = start(Throttle(commands=0, stored_per_connection=1))
    with people(server.address, "alice", caps=CAPS, channel="#tea") as (alice,):
        assert refusals(alice.run(*[f"PRIVMSG #tea :{LINE}"] * 100)) == []


def test_a_nearly_full_disk_refuses_guests_first(start: Start) -> None:
    server = start(FAST)
    make_account(server.address, "alice")
    with (
        Client(server.address, "alicia", caps=CAPS) as alice,
        people(server.address, "bob", caps=CAPS, channel="#tea") as (bob,),
    ):
        alice.run("NS IDENTIFY alice :sesame open")
        alice.join("#tea")
        assert refusals(bob.run("PRIVMSG #tea :before")) == []
        server.call(lambda app: app.upkeep.health._disk.judge(free=1 << 20, total=1 << 40))
        assert refusals(bob.run("PRIVMSG #tea :guest", "PRIVMSG alicia :guest", "NOTICE #tea :guest")) == [
            ("PRIVMSG", "TEMPORARILY_UNAVAILABLE"),
            ("PRIVMSG", "TEMPORARILY_UNAVAILABLE"),
            ("NOTICE", "TEMPORARILY_UNAVAILABLE"),
        ]
        assert "guest" not in [message.params[-1] for message in alice.sync()]
        assert refusals(alice.run("PRIVMSG #tea :owner")) == []
        bob.run("NS IDENTIFY alice :sesame open")  # a guest can log in
        assert refusals(bob.run("PRIVMSG #tea :owner too")) == []
        server.call(lambda app: app.upkeep.health._disk.judge(free=1 << 30, total=1 << 40))
        with people(server.address, "carol", caps=CAPS, channel="#tea") as (carol,):
            assert refusals(carol.run("PRIVMSG #tea :after")) == []


_EVENTS = {
    "join and part": ("", "JOIN {}|PART {}"),
    "nick changes": ("JOIN {}", "NICK other|NICK alice"),
    "modes": ("JOIN {}", "MODE #c0 +l 7|MODE #c0 -l"),
    "kicked": ("", "JOIN #c0|KICK #c0 alice|JOIN {}|PART {}"),
}
_PLACES = ",".join(f"#c{number}" for number in range(20))


def flood(client: Client, lines: str) -> int:
    """Repeat a command until it is refused; return how often it was accepted."""
    for count in range(2000):
        if refused := refusals(client.run(*lines.format(_PLACES, _PLACES).split("|"))):
            assert {code for _, code in refused} == {"RATE_LIMITED"}
            return count
    raise AssertionError("it never ends")


@pytest.mark.parametrize(("first", "lines"), _EVENTS.values(), ids=_EVENTS)
def test_events_count_like_messages(start: Start, first: str, lines: str) -> None:
    server = start(replace(FAST, stored_per_connection=32, stored_per_account=0, stored_per_address=0))
    with Client(server.address, "alice", caps=CAPS) as alice, people(server.address, "bob", channel="#tea") as (bob,):
        alice.run(*[first.format(_PLACES)] if first else [])
        flood(alice, lines)
        stored = server.call(
            lambda app: [app.store.read(f"#c{n}", HistorySpan(10_000, events=True)) for n in range(20)]
        )
        size = sum(size_of(event) + EVENT for events in stored for event in events)
        assert 16 * 1024 < size < 64 * 1024
        # queries are answered, and PART works; others are not refused
        assert refusals(alice.run("TOPIC #tea", "PART #c0")) == []
        assert refusals(bob.run("JOIN #other", "PART #other")) == []
        advance_clock(server, 60_000)
        alice.run(*[first.format("#c0")] if first else [])
        assert flood(alice, lines) > 0


def test_closing_channels_counts_by_the_memory_it_takes(start: Start) -> None:
    """The server remembers the closed spans of each channel, however many new channels a user makes."""
    server = start(replace(FAST, stored_per_connection=64, stored_per_account=0, stored_per_address=0))
    with Client(server.address, "alice", caps=CAPS) as alice:
        for count in range(1000):
            if refusals(alice.run(f"JOIN #n{count}", f"MODE #n{count} +i", f"PART #n{count}")):
                break
        else:
            raise AssertionError("it never ends")
        assert 5 < server.call(lambda app: len(app.network.closures.channels())) < 30


def test_renaming_a_channel_does_not_pay_for_its_closed_spans(start: Start) -> None:
    server = start(replace(FAST, stored_per_connection=64, stored_per_account=0, stored_per_address=0))
    with people(server.address, "alice", "bob", caps=CAPS, channel="#tea") as (alice, bob):
        assert not refusals(alice.run("MODE #tea +o bob", *["MODE #tea +i", "MODE #tea -i"] * 6))
        bob.run("RENAME #tea #coffee")
        assert fill(bob, "#coffee") > 180, "64 KiB of 200 bytes each, and what stands around them"


def test_ended_connections_count_for_their_address(start: Start) -> None:
    server = start(replace(FAST, stored_per_connection=0, stored_per_account=0, stored_per_address=64))
    come_and_go = f"JOIN {_PLACES}"
    for count in range(200):
        with Client(server.address, f"n{count}", caps=CAPS) as client:
            if refusals(client.run(*[come_and_go, f"PART {_PLACES}"] * 3)):
                break
            client.send("QUIT")
            client.until_end()
    else:
        raise AssertionError("it never ends")
    assert count > 0
