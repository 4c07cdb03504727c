"""What waits within a turn is counted, also for who is gone."""

import pytest

from greenchat.chat import outbox as module
from greenchat.chat.broadcast import BroadcastGroup
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message

_KIB = 1024


def test_what_a_group_gets_is_counted_for_each() -> None:
    dirty = Dirty()
    group = BroadcastGroup()
    outboxes = [Outbox(dirty) for _ in range(10)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    envelope = Envelope(Message("NOTICE", ("#x", "hello"), "server"), time=0)
    group.broadcast(envelope)
    size = len(envelope.encode(0))
    assert (dirty.each, dirty.volume) == (size, 10 * size)
    dirty.take()
    assert (dirty.each, dirty.volume, dirty.outboxes) == (0, 0, [])


def test_a_turn_is_full_once() -> None:
    told: list[int] = []
    dirty = Dirty(lambda: told.append(1))
    outbox = Outbox(dirty)
    for _ in range(2048):
        outbox.put(b"x" * _KIB)
    assert dirty.is_full
    assert told == [1]
    dirty.take()
    assert not dirty.is_full


def test_what_is_put_for_who_is_gone_is_counted_all_the_same() -> None:
    dirty = Dirty()
    group = BroadcastGroup()
    gone, here = Outbox(dirty), Outbox(dirty)
    for outbox in (here, gone):
        group.add(Session(outbox, "host", 0))
    gone.put(b"before")
    gone.forget()
    dirty.take()
    for number in range(3):
        group.broadcast(Envelope(Message("NOTICE", ("#x", str(number)), "server"), time=0))
    group.broadcast_lines(lambda _: [b"one", b"two"], None)
    assert len(here.pending) == 5
    assert dirty.volume > 0  # also where the last of a group is gone
    assert gone.has_ended


def test_what_one_gets_alone_is_no_others() -> None:
    """Each newcomer to a large channel is sent its names: that ends no turn, unless it is too much for one of them."""
    told: list[int] = []
    dirty = Dirty(lambda: told.append(1))
    outboxes = [Outbox(dirty) for _ in range(20)]
    for outbox in outboxes:
        for _ in range(4):
            outbox.put(b"x" * 10_000)
    assert dirty.each == 40_000
    assert not told
    for _ in range(60):
        outboxes[0].put(b"x" * 10_000)
    assert dirty.each == 640_000
    assert told == [1]
    dirty.take()
    outboxes[0].put(b"x")
    assert dirty.each == 1


def _crowd(monkeypatch: pytest.MonkeyPatch) -> tuple[Dirty, BroadcastGroup, list[Outbox]]:
    """A channel with a crowd in it, of four, that was told a moment ago: at 10 s."""
    monkeypatch.setattr(module, "_CROWD", 4)
    dirty, group = Dirty(), BroadcastGroup()
    outboxes = [Outbox(dirty) for _ in range(4)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    group.broadcast(_event("JOIN", "first"))
    assert dirty.take(10.0) == outboxes
    for outbox in outboxes:
        outbox.pending.clear()  # as flushing does
    return dirty, group, outboxes


def _event(command: str, source: str) -> Envelope:
    return Envelope(Message(command, ("#x",), source), time=0)


def test_a_crowd_is_told_a_little_later_who_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    dirty, group, outboxes = _crowd(monkeypatch)
    group.broadcast(_event("JOIN", "second"))
    assert dirty.take(10.01) == []
    group.broadcast(_event("JOIN", "third"))
    assert dirty.take(10.02) == []
    assert dirty.waiting == outboxes
    assert dirty.rests_until == 10.0 + module._PAUSE
    assert dirty.take(dirty.rests_until) == outboxes
    assert [b"".join(each.pending) for each in outboxes] == [b":second JOIN #x\r\n:third JOIN #x\r\n"] * 4
    assert not dirty.waiting
    assert (dirty.each, dirty.volume) == (0, 0)


def test_who_is_addressed_in_a_crowd_is_sent_to_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said before comes first: the newcomer is introduced before they speak."""
    dirty, group, outboxes = _crowd(monkeypatch)
    group.broadcast(_event("JOIN", "second"))
    assert dirty.take(10.01) == []
    outboxes[1].put(b"PING :x\r\n")
    outboxes[2].put_lines([b":second PRIVMSG nick :hello\r\n"])
    assert dirty.take(10.02) == outboxes[1:3]
    assert outboxes[2].pending == [b":second JOIN #x\r\n", b":second PRIVMSG nick :hello\r\n"]
    assert dirty.waiting == [outboxes[0], outboxes[3]]
    for outbox in outboxes[1:3]:
        outbox.pending.clear()
    group.broadcast(_event("JOIN", "third"))
    assert dirty.take() == [outboxes[0], outboxes[3], *outboxes[1:3]]  # at the end of the process nobody waits
    assert outboxes[0].pending == [b":second JOIN #x\r\n", b":third JOIN #x\r\n"]


@pytest.mark.parametrize("command", ["QUIT", "PART", "PRIVMSG", "MODE"])
def test_whatever_else_is_said_waits_for_nothing(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    dirty, group, outboxes = _crowd(monkeypatch)
    group.broadcast(_event("JOIN", "second"))
    assert dirty.take(10.01) == []
    group.broadcast(_event(command, "second"))
    assert dirty.take(10.02) == outboxes
    for outbox in outboxes:
        outbox.pending.clear()
    group.broadcast_lines(lambda _: [b"hello\r\n"], None)
    assert dirty.take(10.04) == outboxes


def test_a_crowd_that_holds_much_is_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept counts, until it is sent."""
    dirty, group, outboxes = _crowd(monkeypatch)
    group.broadcast(_event("JOIN", "second"))
    size = dirty.each
    assert dirty.take(10.01) == []
    assert dirty.each == size
    while not dirty.is_full:
        group.broadcast(_event("JOIN", "x" * 400))
    assert dirty.take(10.02) == outboxes


def test_few_are_told_at_once() -> None:
    dirty, group = Dirty(), BroadcastGroup()
    outboxes = [Outbox(dirty) for _ in range(4)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    for now in (10.0, 10.01):
        group.broadcast(_event("JOIN", "somebody"))
        assert dirty.take(now) == outboxes
        for outbox in outboxes:
            outbox.pending.clear()
