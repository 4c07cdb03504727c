"""STATS: https://modern.ircdocs.horse/#stats-message."""

import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from greenchat.config.options import Address, ListenerOptions
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper


@pytest.fixture
def with_opers(serve: Serve) -> Target:
    return serve(WITH_OPERS)


def test_u_tells_the_uptime(with_opers: Target) -> None:
    """ "u - returns a string showing how long the server has been up"; "Server Up <days> days
    <hours>:<minutes>:<seconds>" """
    with Client(with_opers, "alice") as alice:
        uptime, end = alice.run("STATS u")
        assert uptime.command == "242"
        assert re.fullmatch(r"Server Up 0 days 0:\d\d:\d\d", uptime.params[1])
        assert (end.command, end.params) == ("219", ("alice", "u", "End of /STATS report"))


def test_stats_needs_a_query(with_opers: Target) -> None:
    with Client(with_opers, "alice") as alice:
        assert alice.commands("STATS") == ["461"]


@pytest.mark.parametrize("letter", ["x", "*", "ü", "xyz"])
def test_an_unknown_query_has_only_its_end(with_opers: Target, letter: str) -> None:
    with Client(with_opers, "alice") as alice:
        (end,) = alice.run(f"STATS {letter}")
        assert (end.command, end.params[1]) == ("219", letter[0])


@pytest.mark.parametrize("letter", "chiklmoyILOPY")
def test_private_queries_need_the_right(with_opers: Target, letter: str) -> None:
    with people(with_opers, "alice", "bob") as (alice, bob):
        assert alice.commands(f"STATS {letter}") == ["481"]
        become_oper(bob, "helper")
        assert bob.run(f"STATS {letter}")[0].params[1] == "stats"
        become_oper(alice)
        assert alice.commands(f"STATS {letter}")[-1] == "219"


def test_p_lists_operators_who_are_online(with_opers: Target) -> None:
    with people(with_opers, "alice", "bob") as (alice, bob):
        assert alice.commands("STATS p") == ["219"]
        become_oper(bob)
        (line, _) = alice.run("STATS p")
        assert line.command == "249"
        assert line.params[1].startswith("bob (~bob@127.0.0.1) Idle: ")


def test_m_counts_commands(with_opers: Target) -> None:
    """ "m - returns a list of commands supported by the server and the usage count for each if the usage count is non
    zero" """
    with Client(with_opers, "alice") as alice:
        become_oper(alice)
        alice.run("LUSERS", "LUSERS", "XYZZY")
        counts = {message.params[1]: message.params[2] for message in alice.run("STATS m") if message.command == "212"}
        assert (counts["LUSERS"], counts["NICK"], counts["STATS"]) == ("2", "1", "1")
        assert "XYZZY" not in counts
        assert "KILL" not in counts


def test_o_lists_configured_operators(with_opers: Target) -> None:
    """ "o - returns a list of hosts from which normal clients may become operators" """
    with Client(with_opers, "alice") as alice:
        become_oper(alice)
        lines = [message.params[1:] for message in alice.run("STATS o") if message.command == "243"]
        assert lines == [
            ("O", "*@*", "*", "root", "admin"),
            ("O", "*@*", "*", "helper", "helper"),
            ("O", "*@192.0.2.*", "*", "elsewhere", "admin"),
            ("O", "*@*.example.org", "*", "elsewhere", "admin"),
            ("O", "*@192.0.2.1", "*", "local", "admin"),
            ("O", "*@127.0.0.?", "*", "local", "admin"),
        ]
        assert [message.params[1] for message in alice.run("STATS O")][1] == "helper: kill"


def test_l_shows_the_traffic_of_each_connection(start_server: StartServer, tmp_path: Path) -> None:
    """ "l - returns a list of the server's connections, showing how long each connection has been established and the
    traffic over that connection in bytes and messages for each direction" """
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with people(server.address, "alice", "bob") as (alice, bob):
        become_oper(alice)
        bob.run(*["PING :" + "x" * 400] * 10)
        (line,) = [m for m in alice.run("STATS l") if m.command == "211" and m.params[1] == "bob[127.0.0.1]"]
        sendq, sent, sent_kib, received, received_kib, seconds = map(int, line.params[2:])
        assert sendq == 0
        assert sent > 20  # the welcome and ten answers
        assert sent_kib >= 4
        assert received == 13  # NICK, USER, ten PINGs, and one of `run`
        assert received_kib == 4
        assert 0 <= seconds < 60


def test_i_lists_connection_classes(start_server: StartServer, tmp_path: Path) -> None:
    """ "i - returns a list of hosts which the server allows a client to connect from"."""
    options = quick_options(tmp_path)
    behind_proxies = ListenerOptions(
        Address("127.0.0.1", 0), proxy=(ip_network("192.0.2.0/24"), ip_network("198.51.100.7"))
    )
    server = start_server(WITH_OPERS, replace(options, listen=(*options.listen, behind_proxies)))
    other = server.call(lambda app: app.listeners[1].bound.port)
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        assert [line.params[1:] for line in alice.run("STATS i")[:-1]] == [
            ("I", "*", "*", "*", str(server.address[1]), "users"),
            ("I", "192.0.2.0/24", "*", "192.0.2.0/24", str(other), "users"),
            ("I", "198.51.100.7/32", "*", "198.51.100.7/32", str(other), "users"),
        ]
        assert alice.run("STATS P")[1].params[1] == f"127.0.0.1:{other} auto PROXY"


def test_y_lists_limits_of_classes(with_opers: Target) -> None:
    """ "y - show Y (Class) lines from server's configuration file"."""
    with Client(with_opers, "alice") as alice:
        become_oper(alice)
        line, end = alice.run("STATS y")
        assert (line.command, line.params[1:]) == ("218", ("Y", "users", "120", "0", str(1024 * 1024)))
        assert end.command == "219"


def test_the_ports_are_listed(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        assert alice.run("STATS P")[0].params[1] == f"127.0.0.1:{server.address[1]} auto"
