"""Hundreds and thousands who never read: what waits is bounded, each is cut with a reason, and the talk continues."""

import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from greenchat.config.options import Connections
from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import StartServer, quick_options
from tests.hostile import deaf
from tests.hostile.conftest import Attack
from tests.irc import Client
from tests.staff import STAFFED, become

_STUCK = 200
_SENDQ = 32 * 1024
_TEXT = "x" * 400


def _send_queues(app: App) -> list[int]:
    return [connection.outbox.backlog for connection in app.clients.connections]


def _narrow(app: App) -> None:
    """A network on which the kernel takes little: this machine's own takes megabytes."""
    for connection in app.clients.connections:
        if connection.session.registration.nick.startswith("stuck"):
            connection.accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


def _memory(app: App) -> int:
    """Bytes that wait, each object counted once, as many outboxes as share it."""
    return sum({id(data): len(data) for c in app.clients.connections for data in c.outbox._backlog}.values())


def test_hundreds_who_never_read(start_server: StartServer, tmp_path: Path, witnessed: Attack) -> None:
    """In one channel they share most of what waits."""
    options = replace(quick_options(tmp_path), connections=Connections(sendq=_SENDQ))
    server = start_server(STAFFED, options)
    with ExitStack() as stack:
        stuck = [stack.enter_context(Client(server.address, f"stuck{number}")) for number in range(_STUCK)]
        for client in stuck:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send("JOIN #talk")
        server.call(_narrow)
        root = become(stack.enter_context(Client(server.address, "root")))
        talker = stack.enter_context(Client(server.address, "talker"))
        with witnessed(server.address):
            talker.join("#talk")
            gone: dict[str, str] = {}
            seen_by_operators = most = 0
            for number in range(5000):
                talker.send(f"PRIVMSG #talk :{number} {_TEXT}")
                if number % 10 == 0:
                    gone |= {each.nick: each.params[0] for each in talker.sync() if each.command == "QUIT"}
                    assert max(server.call(_send_queues)) <= _SENDQ
                    most = max(most, server.call(_memory))
                    lines = [each for each in root.run("STATS l") if each.command == "211"]
                    seen_by_operators = max([seen_by_operators, *(int(each.params[2]) for each in lines)])
                if len(gone) == _STUCK:
                    break
    assert gone == {f"stuck{number}": "SendQ exceeded" for number in range(_STUCK)}
    assert 0 < seen_by_operators <= _SENDQ
    assert 0 < most < _STUCK * _SENDQ // 4  # beside what they share, each has the rest of one write of its own


def test_together_they_are_bounded_too(start_server: StartServer, tmp_path: Path, witnessed: Attack) -> None:
    """Private messages are not shared: whoever makes the most wait goes first, before all outboxes fill the memory."""
    together = 256 * 1024
    options = replace(quick_options(tmp_path), connections=Connections(sendq=64 * 1024, sendq_total=together))
    server = start_server(Settings(), options)
    with ExitStack() as stack:
        stuck = [stack.enter_context(Client(server.address, f"stuck{number}")) for number in range(20)]
        server.call(_narrow)
        talker = stack.enter_context(Client(server.address, "talker"))
        with witnessed(server.address):
            cut = 0
            for number in range(3000):
                talker.send(*[f"PRIVMSG stuck{n} :{number} {_TEXT}" for n in range(len(stuck))])
                answers = [each.command for each in talker.sync()]
                assert sum(server.call(_send_queues)) <= together
                cut = max(cut, answers.count("401"))
                if cut == len(stuck):
                    break
    assert cut == len(stuck)


def test_who_is_cut_finds_the_connection_ended(start_server: StartServer, tmp_path: Path) -> None:
    """Others see it as the reason of the QUIT; the client itself finds the connection ended."""
    options = replace(quick_options(tmp_path), connections=Connections(sendq=_SENDQ))
    server = start_server(Settings(), options)
    with Client(server.address, "stuck0") as stuck, Client(server.address, "talker") as talker:
        talker.join("#talk")
        stuck.join("#talk")
        server.call(_narrow)
        while not any(each.command == "QUIT" for each in talker.sync()):
            talker.send(*[f"PRIVMSG #talk :{_TEXT}"] * 50)
        assert server.call(lambda app: app.network.user("stuck0")) is None
        assert all(message.command in ("PRIVMSG", "JOIN") for message in stuck.until_end() if message.command != "366")


def test_hundreds_who_never_read_a_byte(tmp_path: Path) -> None:
    """A little of the long run with thousands: `python -m tests.hostile.deaf`."""
    outcome = deaf.run(tmp_path, 200, sendq=32 * 1024, sendq_total=4 << 20)
    assert outcome.reasons.total() == 200
    assert set(outcome.reasons) <= {"SendQ exceeded", "The send queues are full"}
