"""The end of a connection is noticed at once, also while nothing is read from it."""

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
    """A TCP connection: our end and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    with ours, theirs:
        yield ours, theirs


def test_a_close_is_noticed_behind_unread_input(hangups: Hangups, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    reports: list[bool] = []
    hangups.watch(ours.fileno(), reports.append)
    theirs.sendall(b"x" * 1000)
    gevent.sleep(0.01)
    assert reports == []
    theirs.close()
    with gevent.Timeout(PATIENCE):
        while not reports:
            gevent.sleep(0.001)
    assert reports == [False]
    assert len(ours.recv(2000)) == 1000


def test_a_reset_differs_from_a_close(hangups: Hangups, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    reports: list[bool] = []
    hangups.watch(ours.fileno(), reports.append)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    theirs.close()
    with gevent.Timeout(PATIENCE):
        while not reports:
            gevent.sleep(0.001)
    assert reports[-1]


def test_a_forgotten_connection_is_not_reported(hangups: Hangups, pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    reports: list[bool] = []
    hangups.watch(ours.fileno(), reports.append)
    hangups.forget(ours.fileno())
    hangups.forget(ours.fileno())
    theirs.close()
    gevent.sleep(0.02)
    assert reports == []
