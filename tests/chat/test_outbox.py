"""What waits within a turn is counted, and an outbox that has ended takes no room."""

from greenchat.chat.broadcast import BroadcastGroup
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message

_KIB = 1024


class Bounded(Outbox):
    """Counts how often it was looked at."""

    __slots__ = ("looks",)

    def __init__(self, dirty: Dirty) -> None:
        super().__init__(dirty)
        self.looks = 0

    def check(self) -> None:
        self.looks += 1


def test_it_is_looked_at_what_waits_before_it_is_much() -> None:
    dirty = Dirty()
    outbox = Bounded(dirty)
    for _ in range(1024):
        outbox.put(b"x" * _KIB)
    assert 8 <= outbox.looks <= 32


def test_what_a_group_gets_is_counted_for_each() -> None:
    dirty = Dirty()
    group = BroadcastGroup()
    outboxes = [Bounded(dirty) for _ in range(10)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    envelope = Envelope(Message("NOTICE", ("#x", "hello"), "server"), time=0)
    group.broadcast(envelope)
    size = len(envelope.encode(0))
    assert (dirty.each, dirty.volume) == (size, 10 * size)
    dirty.take()
    assert (dirty.each, dirty.volume, list(dirty)) == (0, 0, [])


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


def test_what_is_put_for_who_is_gone_takes_no_room_and_is_never_sent() -> None:
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
    gone.put(b"after")
    gone.retract(set())
    gone.flush()
    group.broadcast_lines(lambda _: [b"one", b"two"], None)
    assert len(here.pending) == 5
    assert gone.pending == [b""]
    assert list(dirty) == [here]
    assert dirty.volume > 0  # also where the last of a group is gone
