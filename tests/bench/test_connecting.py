"""Simulated clients connecting to slow servers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from greenchat.bench import connecting
from greenchat.bench.connecting import ServerRefusedError, connect_all
from greenchat.bench.swarm import Endpoint, Swarm
from tests.patience import PATIENCE


class SlowServer:
    """A server that does not notice that its first client has left, and reports the nick as in use, so many times.

    It serves one connection after the other, as a busy server does.
    """

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        first, _ = self._listener.accept()
        with first:
            while first.recv(4096):
                pass
        second, _ = self._listener.accept()
        with second, second.makefile("rb") as lines:
            for line in lines:
                verb, _, rest = line.decode().strip().partition(" ")
                if verb == "NICK":
                    self.asked.append(rest)
                    is_free = len(self.asked) > self._refusals
                    answer = f":s 001 {rest} :hello" if is_free else f":s 433 * {rest} :Nickname is already in use"
                    second.sendall(f"{answer}\r\n".encode())
                elif verb == "PING":
                    second.sendall(f":s PONG s {rest}\r\n".encode())


@pytest.fixture
def swarm_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Swarm | SlowServer]]:
    """Return a list of things to close at the end; the swarm's timeouts are short."""
    monkeypatch.setattr(connecting, "PATIENCE", 0.1)
    monkeypatch.setattr(connecting, "REPEAT_AFTER", 0.001)
    opened: list[Swarm | SlowServer] = []
    yield opened
    for each in opened:
        each.close_all() if isinstance(each, Swarm) else each.close()


def test_a_reconnecting_client_retries_its_nick_until_the_server_has_seen_the_quit(
    swarm_of: list[Swarm | SlowServer],
) -> None:
    server = SlowServer(refusals=3)
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    clients, _ = connect_all(swarm, [None])
    assert [str(client) for client in clients] == ["c00000"]
    assert server.asked == ["c00000"] * 4


def test_a_nick_that_stays_in_use_is_reported(swarm_of: list[Swarm | SlowServer]) -> None:
    server = SlowServer(refusals=1_000_000)
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    with pytest.raises(ServerRefusedError, match="already in use"):
        connect_all(swarm, [None])
    assert len(server.asked) == connecting.MOST_REPEATS + 1


class OneByOneServer(SlowServer):
    """Registers its clients one after another, slowly. visits: the number of its connections."""

    def __init__(self) -> None:
        self.visits = 0
        super().__init__(refusals=0)

    def _serve(self) -> None:
        guests: list[socket.socket] = []
        self._listener.settimeout(0.03)  # the time for each client: three of them exceed the swarm's timeout
        waiting: list[socket.socket] = []
        while True:
            try:
                guest, _ = self._listener.accept()
                self.visits += 1
                waiting.append(guest)
            except TimeoutError:
                if waiting:
                    guest = waiting.pop(0)
                    guest.sendall(b":s 001 x :hello\r\n")
                    guests.append(guest)
                for guest in guests:
                    guest.setblocking(False)
                    with suppress(BlockingIOError):
                        if b"PING" in guest.recv(4096):
                            guest.sendall(b":s PONG s :in-step\r\n")
            except OSError:
                break
        for guest in [*guests, *waiting]:
            guest.close()


def test_no_client_gives_up_while_a_slow_server_makes_progress(swarm_of: list[Swarm | SlowServer]) -> None:
    server = OneByOneServer()
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    clients, _ = connect_all(swarm, [None] * 6)
    assert len(clients) == server.visits == 6


class HoldingServer(SlowServer):
    """Tells its only client of somebody else's join only a while after its own."""

    def _serve(self) -> None:
        guest, _ = self._listener.accept()
        with guest, guest.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"USER"):
                    guest.sendall(b":s 001 x :hello\r\n")
                elif line.startswith(b"JOIN"):
                    guest.sendall(b":s 366 x #a :End\r\n")
                    threading.Timer(0.05, guest.sendall, [b":c00001!x@y JOIN #a\r\n"]).start()
                elif line.startswith(b"PING"):
                    guest.sendall(b":s PONG s :in-step\r\n")


def test_a_crowd_is_complete_once_all_have_received_the_last_join(
    swarm_of: list[Swarm | SlowServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "MANY_MEMBERS", 1)
    server = HoldingServer(refusals=0)
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    (client,), _ = connect_all(swarm, [b"#a"])
    late: list[bytes] = []
    client.feed = late.append
    swarm.run_for(0.3)
    assert not late
