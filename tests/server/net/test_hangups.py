"""Who has closed is known at once, also while nothing is read from them."""

import socket
import struct
from collections.abc import Iterator

import gevent
import pytest

from greenchat.server.net.hangups import Hangups
from tests.patience import PATIENCE

_RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def hangups() -> Iterator[Hangups]:
    watching = Hangups()
    yield watching
    watching.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection over TCP: ours and theirs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    with ours, theirs:
        yield ours, theirs


def test_an_end_is_told_though_much_is_unread(hangups: Hangups, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    told: list[bool] = []
    hangups.watch(ours.fileno(), told.append)
    theirs.sendall(b"x" * 1000)
    gevent.sleep(0.01)
    assert told == []
    theirs.close()
    with gevent.Timeout(PATIENCE):
        while not told:
            gevent.sleep(0.001)
    assert told == [False]
    assert len(ours.recv(2000)) == 1000


def test_a_reset_is_told_from_a_close(hangups: Hangups, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    told: list[bool] = []
    hangups.watch(ours.fileno(), told.append)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    theirs.close()
    with gevent.Timeout(PATIENCE):
        while not told:
            gevent.sleep(0.001)
    assert told[-1]


def test_who_is_forgotten_is_not_told_of(hangups: Hangups, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    told: list[bool] = []
    hangups.watch(ours.fileno(), told.append)
    hangups.forget(ours.fileno())
    hangups.forget(ours.fileno())
    theirs.close()
    gevent.sleep(0.02)
    assert told == []
