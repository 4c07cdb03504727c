"""MONITOR. https://ircv3.net/specs/extensions/monitor"""

from dataclasses import replace

import pytest

from greenchat.config.settings import Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people

Told = list[tuple[str, str]]


def _notifications(client: Client, *lines: str) -> Told:
    """Return numeric and targets of all answers and notifications."""
    return [(message.command, message.params[1]) for message in client.run(*lines)]


def test_the_limit_is_announced(server: Target) -> None:
    """ "This token takes an optional parameter, of the maximum amount of targets a client may have"."""
    with Client(server, "alice") as alice:
        assert "MONITOR=100" in [token for message in alice.run("VERSION") for token in message.params]


def test_adding_tells_who_is_online(server: Target) -> None:
    """ "If any of the targets being added are online, the server will generate RPL_MONONLINE numerics"."""
    with people(server, "alice", "bob", "carol") as (alice, *_):
        assert _notifications(alice, "MONITOR + BOB,nobody,Carol,Noone") == [
            ("730", "bob!~bob@127.0.0.1,carol!~carol@127.0.0.1"),
            ("731", "nobody,Noone"),
        ]


def test_online_and_offline(server: Target) -> None:
    """730: "a target has just become online"; 731: "a target has just left the irc network"."""
    with people(server, "alice", "carol") as (alice, carol):
        for client in alice, carol:
            client.run("MONITOR + Bob")
        with Client(server, "bob") as bob:
            for client in alice, carol:
                assert client.expect("730").params[1:] == ("bob!~bob@127.0.0.1",)
            bob.send("QUIT")
            bob.until_end()
        for client in alice, carol:
            assert _notifications(client) == [("731", "bob")]


def test_a_lost_connection_is_offline(server: Target) -> None:
    with Client(server, "bob") as bob, Client(server, "alice") as alice:
        alice.run("MONITOR + bob")
        bob.close()
        assert alice.expect("731").params[1] == "bob"


def test_a_nick_change_is_offline_and_online(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MONITOR + bob,robert")
        bob.run("NICK robert")
        assert _notifications(alice) == [("731", "bob"), ("730", "robert!~bob@127.0.0.1")]
        bob.run("NICK ROBERT")
        assert _notifications(alice) == []


def test_registration_must_be_complete(server: Target) -> None:
    with Client(server, "alice") as alice, Client(server) as other:
        alice.run("MONITOR + bob")
        other.send("NICK bob", "MONITOR + alice", "PING x")
        assert other.until("PONG")[0].command == "451"
        assert _notifications(alice) == []


def test_a_target_is_not_added_again(server: Target) -> None:
    """ "Targets already in the list MUST NOT be added again." """
    with people(server, "alice", "bob") as (alice, bob):
        assert _notifications(alice, "MONITOR + bob,BOB,bob", "MONITOR + Bob") == [("730", "bob!~bob@127.0.0.1")]
        assert _notifications(alice, "MONITOR L") == [("732", "bob"), ("733", "End of MONITOR list")]
        bob.run("NICK robert")
        assert _notifications(alice) == [("731", "bob")]


def test_removing(server: Target) -> None:
    """ "No output will be returned for use of this command." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MONITOR + bob,carol,dave")
        assert _notifications(alice, "MONITOR - BOB,dave,never") == []
        assert _notifications(alice, "MONITOR L") == [("732", "carol"), ("733", "End of MONITOR list")]
        bob.run("NICK robert")
        assert _notifications(alice) == []


def test_clearing(server: Target) -> None:
    """ "Clears the list of targets being monitored. No output will be returned for use of this command." """
    with people(server, "alice", "bob") as (alice, bob):
        alice.run("MONITOR + bob,carol")
        assert _notifications(alice, "MONITOR C") == []
        assert _notifications(alice, "MONITOR L", "MONITOR S") == [("733", "End of MONITOR list")]
        bob.run("NICK carol")
        assert _notifications(alice) == []


def test_status(server: Target) -> None:
    """ "Outputs for each target in the list being monitored, whether the client is online or offline." """
    with people(server, "alice", "bob") as (alice, _):
        alice.run("MONITOR + bob,carol")
        assert _notifications(alice, "MONITOR s") == [("730", "bob!~bob@127.0.0.1"), ("731", "carol")]


def test_full(serve: Serve) -> None:
    """734: "<limit> is the maximum ..., the <targets> parameter is the list of targets, as the client sent them"."""
    settings = Settings()
    address = serve(replace(settings, limits=replace(settings.limits, monitor=2)))
    with Client(address, "alice") as alice:
        offline, full = alice.run("MONITOR + bob,carol,Dave,eve")
        assert offline.params[1] == "bob,carol"
        assert (full.command, full.params) == ("734", ("alice", "2", "Dave,eve", "Monitor list is full."))
        assert _notifications(alice, "MONITOR - bob", "MONITOR + dave,carol") == [("731", "dave")]


def test_long_lists_are_split_at_the_end_of_a_line(server: Target) -> None:
    """ "the length of the target list is limited only by the buffer size of 512 chars"."""
    nicks = [f"nick{number:028}" for number in range(40)]
    with Client(server, "alice") as alice:
        for begin in range(0, 40, 10):
            alice.send("MONITOR + " + ",".join(nicks[begin : begin + 10]))
        alice.sync()
        *lines, _ = alice.run("MONITOR L")
        assert len(lines) == 3
        assert all(len(line.format().encode()) <= 510 for line in lines)
        assert [nick for line in lines for nick in line.params[1].split(",")] == nicks


@pytest.mark.parametrize("nicks", ["*", "a*", "#lobby", "0", ",,", "a@b", ":a b"])
def test_invalid_nicks_are_not_monitored(server: Target, nicks: str) -> None:
    """ "'target' MUST be a valid nick as determined by the IRC daemon"; hostmasks can't be subscribed to."""
    with Client(server, "alice") as alice:
        assert _notifications(alice, f"MONITOR + {nicks}", "MONITOR L") == [("733", "End of MONITOR list")]


@pytest.mark.parametrize(
    ("line", "numeric"),
    [("MONITOR", "461"), ("MONITOR +", "461"), ("MONITOR -", "461"), ("MONITOR x bob", "400"), ("MONITOR ::", "400")],
)
def test_misuse(server: Target, line: str, numeric: str) -> None:
    with Client(server, "alice") as alice:
        assert alice.commands(line) == [numeric]


def test_the_list_belongs_to_the_connection(server: Target) -> None:
    with Client(server, "bob") as bob:
        with Client(server, "alice") as alice:
            alice.run("MONITOR + bob")
            alice.send("QUIT")
            alice.until_end()
        with Client(server, "alice") as alice:
            bob.run("NICK robert")
            assert _notifications(alice, "MONITOR L") == [("733", "End of MONITOR list")]
