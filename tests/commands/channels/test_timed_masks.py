"""TBAN: masks that expire, also while the server is down."""

from dataclasses import replace
from pathlib import Path

from greenchat.config.settings import AccountSettings, Settings
from tests.commands.state_changes import advance_clock
from tests.conftest import StartServer, quick_options
from tests.irc import Client, people
from tests.world import World

_HOUR = 3_600_000  # ms


def bans(client: Client, channel: str) -> list[str]:
    return [message.params[2] for message in client.run(f"MODE {channel} b") if message.command == "367"]


def test_a_timed_ban_expires(running_server: World) -> None:
    with people(running_server.address, "alice", "bob", channel="#a") as (alice, bob):
        (shown,) = alice.run("TBAN #a 1h eve", "MODE #a +b mallory")[:1]
        assert (shown.nick, shown.command, shown.params) == ("alice", "MODE", ("#a", "+b", "eve!*@*"))
        bob.sync()
        advance_clock(running_server, _HOUR - 60_000)
        assert bans(alice, "#a") == ["eve!*@*", "mallory!*@*"]
        advance_clock(running_server, 60_000)
        lifted = bob.expect("MODE")
        assert (lifted.source, lifted.params) == ("greenchat.local", ("#a", "-b", "eve!*@*"))
        assert bans(alice, "#a") == ["mallory!*@*"]


def test_privileges_and_refusals(running_server: World) -> None:
    with people(running_server.address, "alice", "bob", channel="#a") as (alice, bob):
        assert bob.commands("TBAN #a 1h eve") == ["482"]
        assert alice.commands("TBAN #a 1h") == ["461"]
        assert alice.commands("TBAN #nowhere 1h eve") == ["403"]
        assert alice.commands("TBAN #a soon eve") == ["400"]
        assert alice.commands("TBAN #a 0 eve") == ["400"]
        assert alice.commands(f"TBAN #a 1h {'*x' * 17}!*@*") == ["696"]
        alice.run("MODE #a +b eve")
        assert "already banned from #a" in alice.run("TBAN #a 1h eve")[0].params[-1]


def test_a_permanent_ban_replaces_a_lifted_timed_one(running_server: World) -> None:
    with people(running_server.address, "alice", channel="#a") as (alice,):
        alice.run("TBAN #a 1h eve", "MODE #a -b eve", "MODE #a +b eve")
        advance_clock(running_server, 2 * _HOUR)
        assert bans(alice, "#a") == ["eve!*@*"]


def test_time_passes_while_the_server_is_down(start_server: StartServer, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    options = replace(options, storage=replace(options.storage, persistent=True))
    settings = Settings(accounts=AccountSettings(iterations=4096))
    first = start_server(settings, options)
    with people(first.address, "alice", channel="#a") as (alice,):
        alice.send("REGISTER * * :sesame open")
        alice.expect("900")
        alice.run("CS REGISTER #a", "TBAN #a 1h eve", "TBAN #a 3h mallory", "MODE #a +b trudy")
    first.stop()
    second = start_server(settings, options)
    with people(second.address, "bob", channel="#a") as (bob,):
        assert bans(bob, "#a") == ["eve!*@*", "mallory!*@*", "trudy!*@*"]
        advance_clock(second, 2 * _HOUR)
        assert bob.expect("MODE").params == ("#a", "-b", "eve!*@*")
    second.stop()
    third = start_server(settings, options)
    with people(third.address, "bob", channel="#a") as (bob,):
        assert bans(bob, "#a") == ["mallory!*@*", "trudy!*@*"]
