"""Hundreds and thousands of clients that never read: sendqs are bounded, each is cut with a reason, and others keep
talking.
"""

import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from greenchat.config.options import Connections
from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import StartServer, quick_options
from tests.hostile import stalled_readers
from tests.hostile.conftest import Attack
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper

_STUCK = 200
_SENDQ = 32 * 1024
_TEXT = "x" * 400


def _send_queues(app: App) -> list[int]:
    return [connection.outbox.backlog for connection in app.clients.connections]


def _narrow(app: App) -> None:
    """Make the kernel buffer little, as a network does: on this machine it buffers megabytes."""
    for connection in app.clients.connections:
        if connection.session.registration.nick.startswith("stuck"):
            connection.accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


def _memory(app: App) -> int:
    """Return the bytes that wait, with objects shared by several outboxes counted once."""
    return sum({id(data): len(data) for c in app.clients.connections for data in c.outbox._backlog}.values())


def test_hundreds_of_clients_that_never_read(start_server: StartServer, tmp_path: Path, witnessed: Attack) -> None:
    """In one channel they share most of what waits."""
    options = replace(quick_options(tmp_path), connections=Connections(sendq=_SENDQ))
    server = start_server(WITH_OPERS, options)
    with ExitStack() as stack:
        stuck = [stack.enter_context(Client(server.address, f"stuck{number}")) for number in range(_STUCK)]
        for client in stuck:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send("JOIN #talk")
        server.call(_narrow)
        root = become_oper(stack.enter_context(Client(server.address, "root")))
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
    assert 0 < most < _STUCK * _SENDQ // 4  # beside the shared bytes, each has the rest of one write of its own


def test_all_sendqs_together_are_bounded(start_server: StartServer, tmp_path: Path, witnessed: Attack) -> None:
    """Private messages are not shared: the client with the longest sendq is cut first, before all sendqs fill the
    memory.
    """
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


def test_a_cut_client_finds_the_connection_closed(start_server: StartServer, tmp_path: Path) -> None:
    """Others see the reason in the QUIT; the client itself only finds the connection closed."""
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


def test_hundreds_of_clients_that_never_read_a_byte(tmp_path: Path) -> None:
    """A short version of the long run with thousands: `python -m tests.hostile.stalled_readers`."""
    outcome = stalled_readers.run(tmp_path, 200, sendq=32 * 1024, sendq_total=4 << 20)
    assert outcome.reasons.total() == 200
    assert set(outcome.reasons) <= {"SendQ exceeded", "The send queues are full"}
