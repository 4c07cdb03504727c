"""When a turn ends: as soon as all have been heard, but where sending takes long it waits a moment for others."""

import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from greenchat.server.net import turn as module
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.turn import Turn
from greenchat.storage.sqlite import SqliteStore
from tests.patience import PATIENCE

FOREVER = 1000.0


class Sent:
    """A stream that keeps what was sent together, and the outbox before it."""

    def __init__(self, turn: Turn) -> None:
        self.outbox = SocketOutbox(turn.dirty, self, sys.maxsize, turn.send_queues)
        self.together: list[bytes] = []
        self.some = Event()

    def send(self, data: bytes, /) -> int:
        self.together.append(data)
        self.some.set()
        return len(data)

    def wait(self) -> bytes:
        """What is sent next."""
        assert self.some.wait(PATIENCE)
        self.some.clear()
        return self.together.pop()

    def fileno(self) -> int:
        raise AssertionError("nothing ever waits for it")

    def recv(self, size: int, /) -> bytes:
        raise AssertionError("nobody reads")

    def shutdown(self, how: int, /) -> None:
        raise AssertionError("nobody ends it")

    def close(self) -> None:
        raise AssertionError("nobody ends it")


@pytest.fixture
def turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turn]:
    """Whose sending always takes long, and who waits forever."""
    monkeypatch.setattr(module, "_LONG", 0.0)
    monkeypatch.setattr(module, "_MOMENT", FOREVER)
    store = SqliteStore(tmp_path / "greenchat.db")
    yield Turn(store, SendQueues(1 << 20))
    store.close()


def say(turn: Turn, sent: Sent, *lines: bytes) -> None:
    """Several who were ready at once."""
    for line in lines:
        turn.begin()
        sent.outbox.put(line)


def test_who_speaks_alone_never_waits(turn: Turn) -> None:
    sent = Sent(turn)
    for _ in range(3):
        say(turn, sent, b"a")
        assert sent.wait() == b"a"


def test_where_sending_is_quick_nobody_waits(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONG", FOREVER)
    sent = Sent(turn)
    for _ in range(3):
        say(turn, sent, b"a", b"b")
        assert sent.wait() == b"ab"


def test_where_sending_takes_long_those_who_come_a_little_later_share_it(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Sent(turn)
    say(turn, sent, b"a", b"b")
    assert sent.wait() == b"ab"
    say(turn, sent, b"c")
    for _ in range(10):
        gevent.sleep(0)
    assert not sent.together
    say(turn, sent, b"d")
    turn.hurry()
    assert sent.wait() == b"cd"

    monkeypatch.setattr(module, "_MOMENT", 0.001)
    say(turn, sent, b"e")
    assert sent.wait() == b"e"  # by itself: it is but a moment


def test_who_wants_to_go_on_is_not_kept(turn: Turn) -> None:
    """Also when nothing waits, or the end is near already."""
    turn.hurry()
    sent = Sent(turn)
    say(turn, sent, b"a", b"b")
    turn.hurry()
    gevent.sleep(0)
    assert sent.together == [b"ab"]


def test_an_end_that_somebody_calls_is_the_only_one(turn: Turn) -> None:
    sent = Sent(turn)
    say(turn, sent, b"a", b"b")
    sent.wait()
    say(turn, sent, b"c")
    turn.end()
    assert sent.wait() == b"c"
    say(turn, sent, b"d")
    assert sent.wait() == b"d"


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
    """Whoever works without end, timers continue: the clock is that of the work, which no other process slows down."""
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
    sent = Sent(turn)
    seen: list[bytes] = []

    def rest() -> None:
        for number in range(3):
            say(turn, sent, b"%d" % number)
            turn.schedule.yield_turn(share)
            seen.append(b"".join(sent.together))

    share = Share()
    gevent.spawn(rest).join(PATIENCE)
    assert seen == [b"0", b"01", b"012"]


def test_so_much_was_said_that_it_is_sent_first(turn: Turn) -> None:
    sent = Sent(turn)
    turn.begin()
    assert turn.schedule.deadline > 0.0  # not the present time: on a busy machine that may be later
    sent.outbox.put(b"x" * 1024 * 1024)
    assert turn.schedule.deadline < time.monotonic()
    sent.wait()
    turn.begin()
    assert turn.schedule.deadline > 0.0  # not the present time: on a busy machine that may be later


def test_time_that_others_had_is_nobodys(turn: Turn) -> None:
    """A slot is charged by the processor time that it used, however long it took by the clock."""
    queue, order = turn.schedule, []

    def sleep() -> None:
        time.sleep(0.01)
        order.append("slept")

    def spin() -> None:
        ends = time.thread_time() + 0.003
        while time.thread_time() < ends:
            pass
        order.append("worked")

    sleeper, worker = Share(), Share()
    queue.queue(sleeper, sleep)
    queue.queue(worker, spin)
    while len(order) < 2:
        gevent.sleep(0.001)
    assert sleeper.until < worker.until


def test_newcomers_have_as_long_as_sending_took_the_last_time(turn: Turn) -> None:
    """Where thousands are told of each who comes, it is the same work for one of them as for thirty."""
    schedule = turn.schedule
    left_for_others = []
    for outboxes in 10, 4000, 100_000:
        schedule.begin()
        schedule.end(outboxes)
        schedule.begin()
        left_for_others.append(round(schedule.deadline - schedule.newcomer_deadline, 4))
        schedule.end(0)
    assert left_for_others == [0.015, 0.001, 0]  # of 25 ms: no turn is longer than that
