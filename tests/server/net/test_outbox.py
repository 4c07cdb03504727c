"""An outbox with a socket: nothing is sent after its end, and output for a client that has gone takes no memory."""

import socket
from collections.abc import Iterator

import pytest

from greenchat.chat.outbox import Dirty
from greenchat.server.http.outboxes import Ending, WebSocketOutbox
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.sendq import SendQueues

_KIB = 1024


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket of the server and the client's, both non-blocking."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


def end_turn(dirty: Dirty) -> None:
    for outbox in dirty.take():
        outbox.flush()


def test_output_within_a_turn_is_bounded(pair: tuple[socket.socket, socket.socket]) -> None:
    """The limit is checked before there is much more, and not at each message."""
    dirty = Dirty()
    outbox = SocketOutbox(dirty, pair[0], 100 * _KIB, SendQueues(0))
    count = 0
    while not outbox.cut_reason:
        outbox.put(b"x" * _KIB)
        count += 1
    assert 101 < count <= 100 + 64
    assert outbox.cut_reason == "SendQ exceeded"


def test_nothing_is_sent_after_a_cut(pair: tuple[socket.socket, socket.socket]) -> None:
    dirty = Dirty()
    outbox = SocketOutbox(dirty, pair[0], 1024 * _KIB, SendQueues(0))
    outbox.put(b"waits")
    outbox.cut("gone")
    for _ in range(1024):
        outbox.put(b"x" * _KIB)
    assert sum(map(len, outbox.pending)) <= 64 * _KIB  # however much is put in a turn
    end_turn(dirty)
    assert outbox.pending == []
    assert outbox.cut_reason == "gone"
    assert pair[1].recv(_KIB) == b""


def test_nothing_is_sent_after_the_final_error(pair: tuple[socket.socket, socket.socket]) -> None:
    dirty = Dirty()
    outbox = SocketOutbox(dirty, pair[0], 1024 * _KIB, SendQueues(0))
    outbox.close(b"farewell")
    end_turn(dirty)
    outbox.put(b"late")
    end_turn(dirty)
    assert outbox.pending == []
    assert outbox.cut_reason == ""
    assert pair[1].recv(_KIB) == b"farewell"
    assert pair[1].recv(_KIB) == b""


def test_nothing_follows_a_close_frame(pair: tuple[socket.socket, socket.socket]) -> None:
    # "The application MUST NOT send any more data frames after sending a Close frame." RFC 6455, 5.5.1
    dirty = Dirty()
    outbox = WebSocketOutbox(dirty, pair[0], 1024 * _KIB, SendQueues(0), Ending())
    unseen, seen = b"not stored", b"before"
    outbox.put(unseen)
    outbox.put(seen)
    outbox.answer_close([b"close"])
    outbox.put(b"late")
    outbox.pending += [b"later"]
    outbox.retract({id(unseen)})
    end_turn(dirty)
    outbox.put(b"the turn after")
    end_turn(dirty)
    assert pair[1].recv(_KIB) == b"beforeclose"
    assert pair[1].recv(_KIB) == b""
