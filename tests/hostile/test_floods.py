"""Floods: a client that sends too much or connects too often is slowed down or refused with a reason, and the witness
notices little.
"""

import time
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.user import User
from greenchat.config.options import Connections, Throttle
from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.hostile.conftest import Attack
from tests.hostile.programs import Program, attacking
from tests.irc import Client
from tests.patience import PATIENCE

_CROWD = 2000  # users and channels of the large network
_SECONDS = 0.4  # duration of a flood
_ATTACKERS = 4


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server with its default throttle, and a large network."""
    server = start_server(Settings(), replace(quick_options(tmp_path), throttle=Throttle()))
    server.call(_fill)
    return server


def _fill(app: App) -> None:
    """Add thousands of users, in one big channel and in a small one each."""
    network = app.network
    for number in range(_CROWD):
        nick = f"member{number}"
        user = User(nick, "~member", f"host{number}.example", "A member", "192.0.2.1", signon=0, active=0)
        network.users[nick] = user
        network.join(user, "#crowd", now=app.now())
        network.join(user, f"#small{number}", now=app.now())


def _flooding(server: ServerThread, data: bytes) -> AbstractContextManager[Program]:
    """Run attackers in a process of their own, which repeat this."""
    host, port = server.address
    return attacking("tests.hostile.attackers", host, str(port), str(_ATTACKERS), data=data)


FLOODS = {
    "PING": b"PING x\r\n",
    "joins": b"JOIN " + b",".join(b"#j%d" % n for n in range(60)) + b"\r\nJOIN 0\r\n",
    "nick changes": b"".join(b"NICK flood%d\r\n" % n for n in range(50)),
    "CTCP": b"PRIVMSG #attackers,friend :\x01PING 1\x01\r\n",
    "invitations": b"INVITE friend #attackers\r\n",
    "WHO everybody": b"WHO *\r\n",
    "WHO a channel": b"WHO #crowd\r\n",
    "WHO a mask": b"WHO *a*b*c*d*e*\r\n",
    "LIST": b"LIST\r\n",
    "NAMES": b"NAMES " + b",".join([b"#crowd"] * 50) + b"\r\n",
    "WHOIS": b"WHOIS member1,member2,member3,member4\r\n",
    "MONITOR": b"MONITOR + " + b",".join(b"m%d" % n for n in range(90)) + b"\r\nMONITOR C\r\n",
    "history": b"CHATHISTORY LATEST #attackers * 500\r\n",
    "search": b"SEARCH text=flood\r\n",
    "playback": b"PRIVMSG *playback :PLAY * 0\r\n",
    "logins": b"CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AGEAYgBj\r\nNICKSERV IDENTIFY a b\r\n",
    "modes": b"MODE #own0 +bbbb a b c d\r\nMODE #own0 -bbbb a b c d\r\n",
    "empty lines": b"\r\n" * 5000,
    "not a command": b"\x01\r\n@\r\n:\r\n" * 500,
}


@pytest.mark.parametrize("data", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_of_commands(server: ServerThread, witnessed: Attack, data: bytes) -> None:
    with witnessed(server.address) as witness, _flooding(server, data):
        time.sleep(_SECONDS)  # there is no event to wait for: the flood lasts that long
        witness.say_again()


def test_half_open_registrations(start_server: StartServer, tmp_path: Path, witnessed: Attack) -> None:
    """Hundreds of clients that never register, some of them a byte at a time: each is told why it ends."""
    options = replace(quick_options(tmp_path), connections=Connections(register_timeout=3.0))
    server = start_server(Settings(), options)
    with witnessed(server.address), ExitStack() as stack:
        half = [stack.enter_context(Client(server.address)) for _ in range(300)]
        for number, client in enumerate(half):
            client.send_raw((b"CAP LS 302\r\nNICK half%d\r\n" % number)[: 12 + number % 8])
        slow = half[:20]
        for byte in b"NICK slow":
            for client in slow:
                with suppress(OSError):
                    client.send_raw(bytes([byte]))
            time.sleep(0.05)
        assert {client.until_end()[-1].params for client in half} == {("Registration timed out",)}
    wait_until_empty(server, 0)


def test_hundreds_of_connections(start_server: StartServer, tmp_path: Path, witnessed: Attack) -> None:
    """Connections beyond the limit get a line with the reason, never a silent end."""
    limit = Connections(most=50)
    server = start_server(Settings(), replace(quick_options(tmp_path), connections=limit))
    with witnessed(server.address), ExitStack() as stack:
        clients = [stack.enter_context(Client(server.address)) for _ in range(300)]
        refused = clients[48:]
        assert {client.until_end()[-1].params[0] for client in refused} == {"This server is full (50 connections)"}


def test_connecting_and_disconnecting_repeatedly(server: ServerThread, witnessed: Attack) -> None:
    with witnessed(server.address):
        for number in range(300):
            with Client(server.address) as client:
                client.send_raw(b"NICK churn%d\r\nUSER a 0 * :a\r\nJOIN #crowd\r\n" % number * (number % 3))
    wait_until_empty(server, _CROWD)


def wait_until_empty(server: ServerThread, rest: int) -> None:
    """Wait until no connection is left."""
    deadline = time.monotonic() + PATIENCE
    while server.call(lambda app: (len(app.clients.connections), len(app.network.users))) != (0, rest):
        assert time.monotonic() < deadline
        time.sleep(0.01)
