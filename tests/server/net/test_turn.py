"""When a turn ends: as soon as all have been heard, but where sending takes long it waits a moment for others."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from greenchat.chat.outbox import Dirty, Outbox
from greenchat.server.net import turn as module
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.turn import Turn
from greenchat.storage.sqlite import SqliteStore

PATIENCE = 20.0  # seconds
FOREVER = 1000.0


class Sent(Outbox):
    """What was sent together."""

    __slots__ = ("some", "together")

    def __init__(self, dirty: Dirty) -> None:
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


def work(turn: Turn, seconds: float, share: Share, done: list[str], name: str) -> None:
    """Lines of 1 ms each, as long as that takes."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        since = time.monotonic()
        line_ends = time.thread_time() + 0.001
        while time.thread_time() < line_ends:
            pass
        turn.begin()
        if time.monotonic() > turn.schedule.deadline:
            turn.schedule.ask(share, since)
    done.append(name)


def test_between_two_turns_the_loop_polls(turn: Turn) -> None:
    """Whoever works without end, timers go on: the clock is that of the work, which no other process slows down."""
    done: list[str] = []
    worker = gevent.spawn(work, turn, 0.3, Share(), done, "worker")
    seen = [time.thread_time()]
    while not done:
        gevent.sleep(0.001)
        seen.append(time.thread_time())
    worker.join()
    assert max(after - before for before, after in pairwise(seen)) < 0.05


def test_who_has_little_to_do_waits_for_nobody(turn: Turn) -> None:
    done: list[str] = []
    workers = [gevent.spawn(work, turn, 0.2, Share(), done, "worker") for _ in range(5)]
    gevent.sleep(0.03)
    little = gevent.spawn(work, turn, 0.001, Share(), done, "little")
    gevent.joinall([*workers, little])
    assert done[0] == "little"


def test_who_rests_goes_on_in_a_later_turn(turn: Turn) -> None:
    sent = Sent(turn.dirty)
    seen: list[list[bytes]] = []

    def rest() -> None:
        for number in range(3):
            say(turn, sent, b"%d" % number)
            turn.schedule.yield_turn(share)
            seen.append([line for turn in sent.together for line in turn])

    share = Share()
    gevent.spawn(rest).join(PATIENCE)
    assert seen == [[b"0"], [b"0", b"1"], [b"0", b"1", b"2"]]


def test_so_much_was_said_that_it_is_sent_first(turn: Turn) -> None:
    sent = Sent(turn.dirty)
    turn.begin()
    assert turn.schedule.deadline > time.monotonic()
    sent.put(b"x" * 1024 * 1024)
    assert turn.schedule.deadline < time.monotonic()
    sent.wait()
    turn.begin()
    assert turn.schedule.deadline > time.monotonic()
