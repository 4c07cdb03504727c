"""How simulated clients come in to servers that are slow."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from greenchat.bench import crowd
from greenchat.bench.crowd import ServerRefusedError, gather
from greenchat.bench.swarm import Endpoint, Swarm
from tests.patience import PATIENCE


class SlowServer:
    """Hears nothing of its first client for as long as that is there, and then says that the nick is in use: so often.

    It serves one connection after the other, as a server that has much to do.
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
    """What is to be closed at the end; patience is short here."""
    monkeypatch.setattr(crowd, "PATIENCE", 0.1)
    monkeypatch.setattr(crowd, "ASK_AFTER", 0.001)
    opened: list[Swarm | SlowServer] = []
    yield opened
    for each in opened:
        each.close_all() if isinstance(each, Swarm) else each.close()


def test_who_comes_again_asks_for_their_nick_until_the_server_has_seen_them_go(
    swarm_of: list[Swarm | SlowServer],
) -> None:
    server = SlowServer(refusals=3)
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    clients, _ = gather(swarm, [None])
    assert [str(client) for client in clients] == ["c00000"]
    assert server.asked == ["c00000"] * 4


def test_a_nick_that_stays_in_use_is_said_in_the_end(swarm_of: list[Swarm | SlowServer]) -> None:
    server = SlowServer(refusals=1_000_000)
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    with pytest.raises(ServerRefusedError, match="already in use"):
        gather(swarm, [None])
    assert len(server.asked) == crowd.ASKED + 1


class OneByOneServer(SlowServer):
    """Registers its clients one after another, and takes its time for each. visits: how many connections it had."""

    def __init__(self) -> None:
        self.visits = 0
        super().__init__(refusals=0)

    def _serve(self) -> None:
        guests: list[socket.socket] = []
        self._listener.settimeout(0.03)  # the time that it takes: shorter than patience, which three of them exceed
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


def test_nobody_gives_up_while_a_slow_server_gets_on(swarm_of: list[Swarm | SlowServer]) -> None:
    server = OneByOneServer()
    swarm = Swarm(Endpoint("127.0.0.1", server.port))
    swarm_of += [swarm, server]
    clients, _ = gather(swarm, [None] * 6)
    assert len(clients) == server.visits == 6
