"""Addresses of users, queried with every command by users who may not see them.

The queries are generated: each command, and each command of each service, with every list of parameters below. An
operator who may see addresses makes the same queries, so that the test can't pass by asking nothing.
"""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core.service import SERVICES
from greenchat.config.opers import RIGHTS, Oper, OperClass, Staff
from greenchat.config.options import PlainText, Throttle
from greenchat.server.app import App
from tests.commands.operators.test_uban import SETTINGS, arrive
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.opers import HASH
from tests.patience import PATIENCE

_ADDRESSES = {"203.0.113.77": "203.0.113", "2001:db8:5ec:7e7::77": "2001:db8:5ec"}
_CAPS = (
    "batch server-time message-tags echo-message draft/chathistory draft/event-playback soju.im/search"
    " extended-monitor away-notify account-notify account-tag extended-join chghost setname invite-notify multi-prefix"
    " userhost-in-names draft/read-marker labeled-response standard-replies"
)
_PARAMS = [
    "", "victim", "#room", "*", "u", "p", "l", "LIST", "victim victim", "#room victim", "victim #room", "#room b",
    "#room +b victim", "#room -b victim!*@*", "* %tcuihsnfdlaor,1", "victim %i", "#room %i", "*@*.7* %i", "203.* %i",
    "*.113.* %h", "INFO victim", "LIST victim", "ADD bad!*@*", "DEL bad!*@*", "+ victim", "S", "L", "C",
    "LATEST #room * 50", "LATEST victim * 50", "in=#room", "from=victim", "*playback :PLAY *", "victim :hello",
    "#room :hello", "victim #elsewhere", "SHOW victim", "ROTATE", "50", "50 victim", "victim 1", "#room * 5",
]  # fmt: skip
_NOT_ASKED = {"QUIT", "ERROR", "DIE", "RESTART", "DEFCON", "RESV", "WEBIRC"}  # these end the test, or lock others out
_NOSY = tuple(right for right in RIGHTS if right != "addresses")


def _questions() -> Iterator[str]:
    for name in sorted(COMMANDS.keys() - _NOT_ASKED):
        for params in _PARAMS:
            yield f"{name} {params}"
    for service in SERVICES.values():
        for name in service.entries:
            for params in "", "victim", "#room", "#room victim", "victim #room", "#room LIST":
                yield f"PRIVMSG {service.name} :{name} {params}"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server with an operator who may do everything but see addresses, and one who may do that, too."""
    classes = {"nosy": OperClass(_NOSY), "admin": OperClass(tuple(RIGHTS))}
    opers = {"nosy": Oper("nosy", HASH), "root": Oper("admin", HASH)}
    throttle = Throttle(commands=0, logins=0)
    options = replace(quick_options(tmp_path), plain=PlainText(grace=0.01), throttle=throttle)
    return start_server(replace(SETTINGS, staff=Staff(classes=classes, opers=opers)), options)


@pytest.mark.parametrize("address", _ADDRESSES)
@pytest.mark.parametrize("name", ["", "nosy"])
def test_no_command_reveals_an_address(server: ServerThread, address: str, name: str) -> None:
    """For every user, also for the founder of the channel, and for operators without the right."""
    secret = _ADDRESSES[address]
    with _connect_asker(server, "stranger", name) as stranger:
        victim = _connect_victim(server, address)
        for question in _questions():
            messages = [str(message) for message in stranger.run(question)]
            typed = secret in question
            assert typed or not [line for line in messages if secret in line], question
            here = server.call(_lift_bans)
            if "stranger" not in here:
                stranger.run("NICK stranger")
            if "victim" not in here:
                victim.close()
                victim = _connect_victim(server, address)
        victim.send("NICK other", "JOIN #room", "AWAY :gone", "SETNAME :Somebody", "PART #room :bye", "QUIT :bye")
        victim.until_end()
        messages = [
            str(message) for message in stranger.run("WHOWAS victim", "WHOWAS other", "CHATHISTORY LATEST #room * 99")
        ]
        assert any("other" in line for line in messages)
        assert not [line for line in messages if secret in line]


@pytest.mark.parametrize("address", _ADDRESSES)
def test_the_same_queries_show_it_with_the_right(server: ServerThread, address: str) -> None:
    wanted = {"WHOIS victim", "WHO victim %i", "WHO #room %i", "USERIP victim", "STATS l", "UBAN INFO victim"}
    assert wanted <= set(_questions())
    with _connect_asker(server, "root", "root") as root, _connect_victim(server, address):
        for question in sorted(wanted):
            assert any(_ADDRESSES[address] in str(message) for message in root.run(question)), question


def test_plain_text_does_not_reveal_it(server: ServerThread) -> None:
    with (
        socket.create_connection(server.address, timeout=PATIENCE) as nell,
        Client(server.address, "friend") as friend,
        arrive(server.address, "victim", "203.0.113.77") as victim,
    ):
        nell.sendall(b"nell\n")
        friend.join("#lobby")
        while "nell" not in str(friend.run("NAMES #lobby")):
            pass
        victim.join("#lobby")
        victim.run("PRIVMSG #lobby :hello", "PRIVMSG nell :hello", "NICK other", "TOPIC #lobby :new")
        nell.sendall(b"/who\n/whois other\n/names\n/topic\n/help\n/msg other hello\nall asked\n")
        while "all asked" not in str(friend.read()):
            pass
        victim.send("QUIT :bye")
        victim.until_end()
        friend.send("PRIVMSG #lobby :the end")
        output = b""
        while b"the end" not in output:
            output += nell.recv(4096)
    assert b"victim" in output
    assert b"203.0.113" not in output


def _lift_bans(app: App) -> set[str]:
    """Lift all bans; return the present users."""
    for ban in list(app.network.protection.bans):
        app.network.protection.bans.drop(ban.target)
    return set(app.network.users)


def _connect_asker(server: ServerThread, nick: str, name: str) -> Client:
    asker = Client(server.address, nick, caps=_CAPS)
    asker.join("#room")
    if name:
        asker.run(f"OPER {name} secret")
    return asker


def _connect_victim(server: ServerThread, address: str) -> Client:
    victim = arrive(server.address, "victim", address)
    victim.send("JOIN #room", "PRIVMSG #room :hello", "PRIVMSG stranger :hello")
    victim.sync()
    return victim
