"""The end of a turn: once all ready clients have been read, or a moment later where sending is slow."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from greenchat.chat import broadcast
from greenchat.chat.broadcast import BroadcastGroup
from greenchat.chat.network import Network
from greenchat.chat.user import Session, User
from greenchat.commands.core.utterance import Utterance
from greenchat.commands.messages.speech import MessageBurst, SpeechRoute
from greenchat.config.settings import Settings
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.talk import TalkHead
from greenchat.protocol.message import Message
from greenchat.server.net import turn as module
from greenchat.server.net.fair_queue import Share
from greenchat.server.net.outbox import SocketOutbox
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.turn import Turn
from greenchat.server.nodes.turn import NodeTurn
from greenchat.storage.interface import Document, SpeechHeader
from greenchat.storage.sqlite import SqliteStore
from tests.patience import PATIENCE

FOREVER = 1000.0


class Sent:
    """A stream that notes what was sent together, with its outbox."""

    def __init__(self, turn: Turn) -> None:
        self.outbox = SocketOutbox(turn.dirty, self, sys.maxsize, turn.send_queues)
        self.together: list[bytes] = []
        self.some = Event()

    def send(self, data: bytes, /) -> int:
        self.together.append(data)
        self.some.set()
        return len(data)

    def wait(self) -> bytes:
        """Wait for what is sent next."""
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
    """Make a turn in which sending always counts as slow, and which waits for ever."""
    monkeypatch.setattr(module, "_LONG_SENDING", 0.0)
    monkeypatch.setattr(module, "_PAUSE", FOREVER)
    store = SqliteStore(tmp_path / "greenchat.db")
    yield Turn(store, SendQueues(1 << 20))
    store.close()


def say(turn: Turn, sent: Sent, *lines: bytes) -> None:
    """Put the lines of several clients that were ready at once."""
    for line in lines:
        turn.begin()
        sent.outbox.put(line)


def test_a_single_client_does_not_wait(turn: Turn) -> None:
    sent = Sent(turn)
    for _ in range(3):
        say(turn, sent, b"a")
        assert sent.wait() == b"a"


def test_where_sending_is_quick_the_turn_does_not_wait(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONG_SENDING", FOREVER)
    sent = Sent(turn)
    for _ in range(3):
        say(turn, sent, b"a", b"b")
        assert sent.wait() == b"ab"


def test_where_sending_is_slow_later_clients_share_the_turn(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
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

    monkeypatch.setattr(module, "_PAUSE", 0.001)
    say(turn, sent, b"e")
    assert sent.wait() == b"e"  # it ends by itself after a moment


def test_a_client_in_a_hurry_ends_the_turn(turn: Turn) -> None:
    """Also when nothing waits, or the end is near."""
    turn.hurry()
    sent = Sent(turn)
    say(turn, sent, b"a", b"b")
    turn.hurry()
    gevent.sleep(0)
    assert sent.together == [b"ab"]


def test_an_explicit_end_is_the_only_one(turn: Turn) -> None:
    sent = Sent(turn)
    say(turn, sent, b"a", b"b")
    sent.wait()
    say(turn, sent, b"c")
    turn.end()
    assert sent.wait() == b"c"
    say(turn, sent, b"d")
    assert sent.wait() == b"d"


def test_joins_held_back_are_sent_by_themselves(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    group, sent = BroadcastGroup(), Sent(turn)
    group.add(Session(sent.outbox, "host", 0))

    def join(nick: str) -> bytes:
        envelope = Envelope(Message("JOIN", ("#a",), f"{nick}!u@h"), time=0)
        turn.begin()
        group.hold(envelope, [])
        return envelope.encode(0)

    assert join("first") == sent.wait(), "the first JOIN is sent at once"
    monkeypatch.setattr(module, "_JOINS_LATEST", 0.001)
    group.due += FOREVER
    second, third = join("second"), join("third")
    turn.end()
    assert not sent.together
    group.due -= FOREVER
    assert join("fourth") == sent.wait().removeprefix(second + third)
    clock = time.monotonic()
    monkeypatch.setattr(module, "monotonic", lambda: clock)
    group.due = clock + 0.001
    fifth = join("fifth")
    turn.end()
    assert not sent.together
    clock += 1
    assert sent.wait() == fifth, "the timer sends the rest"
    assert not turn.dirty.held


def test_no_more_joins_are_held_back_than_a_turn_may_send(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "_MOST_HELD", 6)
    group, sent = BroadcastGroup(), [Sent(turn), Sent(turn)]
    group.due = time.monotonic() + FOREVER
    for each in sent:
        group.add(Session(each.outbox, "host", 0))
    for number in range(4):
        turn.begin()
        group.hold(Envelope(Message("JOIN", ("#a",), f"{number}!u@h"), time=0), [])
        turn.end()
        assert [len(each.together) for each in sent] == [number == 3] * 2
    assert not turn.dirty.held


def test_a_bug_in_a_join_held_back_keeps_nothing_else_back(turn: Turn) -> None:
    group, sent = BroadcastGroup(), Sent(turn)
    group.add(Session(sent.outbox, "host", 0))
    group.hold(Envelope(Message("JOIN", ("#a",), "\ud800!u@h"), time=0), [])
    turn.begin()
    sent.outbox.put(b"hello")
    turn.end()
    assert sent.together == [b"hello"]
    assert not turn.dirty.held


@pytest.mark.parametrize("is_node", [False, True])
def test_only_a_single_server_refuses_what_it_can_not_store(
    tmp_path: Path, is_node: bool, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[bool] = []
    store, queues = SqliteStore(tmp_path / "greenchat.db"), SendQueues(1 << 20)
    turn = NodeTurn(store, queues, lambda: Document("", "", 0)) if is_node else Turn(store, queues)
    store.close()
    head, header = TalkHead("a!b@c", "PRIVMSG", "#a", "", False), SpeechHeader("#a", "PRIVMSG", "a!b@c", "#a", "")
    turn.begin()
    turn.store_utterance(Utterance(header, head, [1], ["x"], head.lines([b"x"]), lambda: refused.append(True)))
    turn.end()
    assert bool(refused) is not is_node
    assert ("1 messages" in caplog.text) is not is_node


def test_a_bug_in_delivering_is_logged_and_the_turn_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    turn = Turn(SqliteStore(tmp_path / "greenchat.db"), SendQueues(1 << 20))
    ada, bob = [User(nick, "u", "127.0.0.1", nick, "127.0.0.1", signon=0, active=0) for nick in ("ada", "bob")]
    session = Session(Sent(turn).outbox, "127.0.0.1", 0)
    route = SpeechRoute(Network(Settings(), now=0), session, ada, "PRIVMSG", bob, lambda head: None)
    delivered: list[MessageBurst] = []

    def deliver(bursts: Sequence[MessageBurst]) -> None:
        delivered.extend(bursts)
        raise RuntimeError

    turn.deliver_bursts = deliver
    for text in ("one", "two"):
        turn.open()
        turn.collect((route, [text.encode()], [text]))
        assert not delivered
        turn.end()
        assert [texts for _, _, texts in delivered] == [[text]]
        delivered.clear()
        assert "some clients did not get a message because of a bug" in caplog.text
        caplog.clear()


def work(turn: Turn, seconds: float, share: Share, done: list[str], name: str) -> None:
    """Execute lines of 1 ms each for so many seconds."""
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


def test_the_loop_runs_between_two_turns(turn: Turn) -> None:
    """Timers fire while greenlets work without end: the work is measured in processor time, which no other process
    slows down.
    """
    done: list[str] = []
    worker = gevent.spawn(work, turn, 0.3, Share(), done, "worker")
    seen = [time.thread_time()]
    while not done:
        gevent.sleep(0.001)
        seen.append(time.thread_time())
    worker.join()
    assert max(after - before for before, after in pairwise(seen)) < 0.05


def test_a_client_with_little_to_do_does_not_wait(turn: Turn) -> None:
    done: list[str] = []
    workers = [gevent.spawn(work, turn, 0.2, Share(), done, "worker") for _ in range(5)]
    gevent.sleep(0.03)
    little = gevent.spawn(work, turn, 0.001, Share(), done, "little")
    gevent.joinall([*workers, little])
    assert done[0] == "little"


def test_a_yielding_greenlet_continues_in_a_later_turn(turn: Turn) -> None:
    sent = Sent(turn)
    seen: list[bytes] = []

    def work() -> None:
        for number in range(3):
            say(turn, sent, b"%d" % number)
            turn.schedule.yield_turn(share)
            seen.append(b"".join(sent.together))

    share = Share()
    gevent.spawn(work).join(PATIENCE)
    assert seen == [b"0", b"01", b"012"]


def test_a_turn_with_much_output_ends_early(turn: Turn) -> None:
    sent = Sent(turn)
    turn.begin()
    assert turn.schedule.deadline > 0.0  # not the present time, which may be later on a busy machine
    sent.outbox.put(b"x" * 1024 * 1024)
    assert turn.schedule.deadline < time.monotonic()
    sent.wait()
    turn.begin()
    assert turn.schedule.deadline > 0.0  # not the present time, which may be later on a busy machine


def test_waiting_is_not_charged(turn: Turn) -> None:
    """A slot is charged for the processor time that it used, not for the time that passed."""
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


@pytest.mark.parametrize("is_newcomer", [False, True])
def test_waiting_for_a_processor_is_not_charged(turn: Turn, is_newcomer: bool) -> None:
    """A client whose line came at the end of a busy turn: while another process ran, the clock went on."""
    turn.begin()
    ends = time.thread_time() + 0.03
    while time.thread_time() < ends:  # the lines of others
        pass
    since = time.monotonic()
    time.sleep(0.02)
    share = Share(is_newcomer=is_newcomer)
    assert not turn.schedule.has_more(share, since)
    assert share.until <= 0.002


def test_newcomers_get_as_much_time_as_the_last_sending_took(turn: Turn) -> None:
    """Telling thousands of each JOIN is the same work for one newcomer as for thirty."""
    schedule = turn.schedule
    left_for_others = []
    for outboxes in 10, 4000, 100_000:
        schedule.begin()
        schedule.end(outboxes)
        schedule.begin()
        left_for_others.append(round(schedule.deadline - schedule.newcomer_deadline, 4))
        schedule.end(0)
    assert left_for_others == [0.015, 0.001, 0]  # of 25 ms: no turn takes longer
