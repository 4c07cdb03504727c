"""When a turn ends: as soon as all have been heard, but where sending takes long it waits a moment for others."""

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from greenchat.chat.outbox import Outbox
from greenchat.server.net import turn as module
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.turn import Turn
from greenchat.storage.sqlite import SqliteStore

PATIENCE = 20.0  # seconds
FOREVER = 1000.0


class Sent(Outbox):
    """What was sent together."""

    __slots__ = ("some", "together")

    def __init__(self, dirty: list[Outbox]) -> None:
        super().__init__(dirty)
        self.together: list[list[bytes]] = []
        self.some = Event()

    def flush(self) -> None:
        self.together.append(self.pending.copy())
        self.pending.clear()
        self.some.set()

    def wait(self) -> list[bytes]:
        """What is sent next."""
        assert self.some.wait(PATIENCE)
        self.some.clear()
        return self.together.pop()


@pytest.fixture
def turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turn]:
    """Whose sending always takes long, and who waits forever."""
    monkeypatch.setattr(module, "_LONG", 0.0)
    monkeypatch.setattr(module, "_MOMENT", FOREVER)
    store = SqliteStore(tmp_path / "greenchat.db")
    yield Turn(store, SendQueues(1 << 20))
    store.close()


def say(turn: Turn, outbox: Outbox, *lines: bytes) -> None:
    """Several who were ready at once."""
    for line in lines:
        turn.begin()
        outbox.put(line)


def test_who_speaks_alone_never_waits(turn: Turn) -> None:
    sent = Sent(turn.dirty)
    for _ in range(3):
        say(turn, sent, b"a")
        assert sent.wait() == [b"a"]


def test_where_sending_is_quick_nobody_waits(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONG", FOREVER)
    sent = Sent(turn.dirty)
    for _ in range(3):
        say(turn, sent, b"a", b"b")
        assert sent.wait() == [b"a", b"b"]


def test_where_sending_takes_long_those_who_come_a_little_later_share_it(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Sent(turn.dirty)
    say(turn, sent, b"a", b"b")
    assert sent.wait() == [b"a", b"b"]
    say(turn, sent, b"c")
    for _ in range(10):
        gevent.sleep(0)
    assert not sent.together
    say(turn, sent, b"d")
    turn.hurry()
    assert sent.wait() == [b"c", b"d"]

    monkeypatch.setattr(module, "_MOMENT", 0.001)
    say(turn, sent, b"e")
    assert sent.wait() == [b"e"]  # by itself: it is but a moment


def test_who_wants_to_go_on_is_not_kept(turn: Turn) -> None:
    """Also when nothing waits, or the end is near already."""
    turn.hurry()
    sent = Sent(turn.dirty)
    say(turn, sent, b"a", b"b")
    turn.hurry()
    gevent.sleep(0)
    assert sent.together == [[b"a", b"b"]]


def test_an_end_that_somebody_calls_is_the_only_one(turn: Turn) -> None:
    sent = Sent(turn.dirty)
    say(turn, sent, b"a", b"b")
    sent.wait()
    say(turn, sent, b"c")
    turn.end()
    assert sent.wait() == [b"c"]
    say(turn, sent, b"d")
    assert sent.wait() == [b"d"]
