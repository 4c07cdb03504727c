"""MARKREAD: quoted sentences are from https://ircv3.net/specs/extensions/read-marker."""

from pathlib import Path

import pytest

from greenchat.chat.read_markers import ReadMarkers
from greenchat.commands.catalog import run
from greenchat.commands.core.context import Context
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import parse
from greenchat.server.app import App
from tests.commands.devices import device, make_account
from tests.commands.state_changes import log_in
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client, people
from tests.world import World

CAPS = "draft/read-marker server-time message-tags echo-message"


def test_a_mark_never_moves_back() -> None:
    markers = ReadMarkers("alice")
    markers.times["#lobby"] = 5
    assert markers.moved("#lobby", 5) is None
    assert markers.moved("#lobby", 4) is None
    assert markers.moved("#lobby", 6) == {"#lobby": 6}
    assert markers.times == {"#lobby": 5}


def test_the_least_recently_moved_mark_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.chat.read_markers._MOST", 2)
    markers = ReadMarkers("alice")
    for time, name in enumerate(["#a", "#b", "#a", "#c"]):
        markers.times = markers.moved(name, time) or markers.times
    assert markers.times == {"#a": 2, "#c": 3}


def test_the_mark_is_sent_after_join(server: Target) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        answers = alice.join("#lobby")
        # "The command MUST be sent before the RPL_ENDOFNAMES reply for that channel following the JOIN."
        assert [m.params for m in answers if m.command == "MARKREAD"] == [("#lobby", "*")]
        alice.send("PRIVMSG #lobby :hi")
        time = alice.expect("PRIVMSG").tags["time"]
        assert alice.run(f"MARKREAD #lobby timestamp={time}")[0].params == ("#lobby", f"timestamp={time}")
        alice.send("PART #lobby")
        assert [m.params[1] for m in alice.join("#LOBBY") if m.command == "MARKREAD"] == [f"timestamp={time}"]
    with Client(server, "bob") as bob:
        assert "MARKREAD" not in [m.command for m in bob.join("#lobby")]


def test_getting_and_setting(server: Target) -> None:
    with people(server, "alice", "bob", caps=CAPS) as (alice, bob):
        # "If there is no known last message read timestamp, the timestamp parameter is a literal *."
        assert alice.run("MARKREAD bob")[0].params == ("bob", "*")
        early, late = "timestamp=2019-01-04T14:33:26.123Z", "timestamp=2019-01-05T14:33:26.123Z"
        assert alice.run(f"MARKREAD bob {late}")[0].params == ("bob", late)
        # "the server SHOULD reply with a MARKREAD command with the newer, previous value"
        assert alice.run(f"MARKREAD bob {early}")[0].params == ("bob", late)
        assert alice.run("MARKREAD BOB")[0].params == ("bob", late)
        # "Servers MUST NOT leak read markers sent by a user to other users"
        assert bob.run("MARKREAD alice")[0].params == ("alice", "*")
        # "it can clamp it between the last read timestamp and the current time"
        future = alice.run("MARKREAD bob timestamp=2999-01-01T00:00:00.000Z")[0].params[1]
        assert late < future < "timestamp=2900"


@pytest.mark.parametrize("command", ["MARKREAD bob *", "MARKREAD bob", "MARKREAD nobody *", "MARKREAD nobody"])
def test_a_client_cannot_set_a_mark_to_a_star(server: Target, command: str) -> None:
    """ "the timestamp parameter ... MUST NOT be a literal `*`" of a client, and "If there is no known last message read
    timestamp, the timestamp parameter is a literal `*`", also for a nick that does not exist: the answer reveals
    nothing.
    """
    with people(server, "alice", "bob", caps=CAPS) as (alice, _):
        (mark,) = alice.run(command)
        assert (mark.command, mark.params) == ("MARKREAD", (command.split()[1], "*"))


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MARKREAD", ("NEED_MORE_PARAMS",)),
        ("MARKREAD #nowhere", ("INVALID_PARAMS", "#nowhere")),
        ("MARKREAD bob x", ("INVALID_PARAMS", "x")),
        ("MARKREAD bob 2019-01-04T14:33:26.123Z", ("INVALID_PARAMS", "2019-01-04T14:33:26.123Z")),
        ("MARKREAD bob timestamp=2019-02-30T14:33:26.123Z", ("INVALID_PARAMS", "timestamp=2019-02-30T14:33:26.123Z")),
    ],
)
def test_malformed_commands_fail(server: Target, command: str, answer: tuple[str, ...]) -> None:
    with Client(server, "alice", caps=CAPS) as alice:
        (fail,) = alice.run(command)
        assert (fail.command, fail.params[:-1]) == ("FAIL", ("MARKREAD", *answer))


def test_read_markers_of_an_account_survive_the_connection(start_server: StartServer, tmp_path: Path) -> None:
    settings = Settings(accounts=AccountSettings(reserve_nicks=False))
    server = start_server(settings, quick_options(tmp_path))
    mark = "timestamp=2019-01-04T14:33:26.123Z"
    with Client(server.address, "alice", caps=CAPS) as alice:
        log_in(server, "alice", "Alice")
        alice.join("#lobby")
        alice.run(f"MARKREAD #lobby {mark}")
    with Client(server.address, "bob") as bob:
        bob.join("#lobby")
        while server.call(lambda app: "alice" in app.network.users):
            bob.sync()
        with Client(server.address, "alice", caps=CAPS) as alice:
            assert [m.params[1] for m in alice.join("#lobby") if m.command == "MARKREAD"] == ["*"]
            log_in(server, "alice", "Alice")
            assert alice.run("MARKREAD #lobby")[0].params[1] == mark


def test_all_devices_are_told(server: Target) -> None:
    """ "after the last read timestamp of a target changes, the server SHOULD send a MARKREAD command for that target to
    all the clients of the user"."""
    make_account(server, "alice")
    mark = "timestamp=2019-01-04T14:33:26.123Z"
    with device(server, "alice", caps=f"sasl {CAPS}") as one, device(server, "alice", caps=f"sasl {CAPS}") as other:
        one.until("376", "422")
        other.until("376", "422")
        assert one.run(f"MARKREAD bob {mark}")[0].params == ("bob", mark)
        assert other.expect("MARKREAD").params == ("bob", mark)


def test_the_cost_of_a_mark_counts_all_marks_rewritten_with_it(running_server: World) -> None:
    make_account(running_server.address, "alice")
    with device(running_server.address, "alice", caps=f"sasl {CAPS}") as alice:
        alice.until("376", "422")

        def weight(line: str) -> int:
            def run_line(app: App) -> int:
                session = app.network.users["alice"].sessions[0]
                ctx = Context(app.network, session, parse(line), now=app.now(), process=app, journal=app.turn)
                run(ctx)
                return ctx.weight

            return running_server.call(run_line)

        mark = "timestamp=2019-01-04T14:33:26.123Z"
        assert weight(f"MARKREAD user0 {mark}") == 1
        for number in range(1, 999):
            weight(f"MARKREAD user{number} {mark}")
        assert weight(f"MARKREAD user999 {mark}") > 5
        assert weight(f"MARKREAD user999 {mark}") == 1, "an equal mark is not written"
