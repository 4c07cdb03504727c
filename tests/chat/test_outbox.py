"""What waits within a turn is counted, also for who is gone."""

from functools import partial

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


def test_what_many_have_alike_is_joined_once() -> None:
    """Also if those who said something, and have not got it themselves, are among them."""
    dirty = Dirty()
    said = [b"line %d\r\n" % number for number in range(40)]
    first = dirty.join(said.copy())
    assert first == b"".join(said)
    speaker = dirty.join(said[1:])
    assert speaker == b"".join(said[1:])
    assert dirty.join(said.copy()) is first
    assert dirty.join([*said[:-1], b"other\r\n"]) == b"".join(said[:-1]) + b"other\r\n"
    assert dirty.join(said.copy()) is first
    others = [b"tagged %b" % line for line in said]  # those of another kind
    dirty.join(others)
    second = dirty.join(others)
    assert second == b"".join(others)
    assert dirty.join(others.copy()) is second
    dirty.take()
    assert dirty.join(said) is not first, "it is not kept for longer than its turn"
    assert dirty.join(said[:3]) == b"".join(said[:3])


def _encoded(lines: list[bytes], kind: int) -> list[bytes]:
    """The same for each kind of client."""
    return lines


def test_members_with_and_without_an_echo_get_their_bytes_in_order() -> None:
    dirty = Dirty()
    group = BroadcastGroup()
    outboxes = [Outbox(dirty) for _ in range(5)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    for number in range(20):
        lines = [b"%d a" % number, b"%d b" % number][: 1 + number % 2]
        group.broadcast_lines(partial(_encoded, lines), outboxes[number % 3])
    for index, outbox in enumerate(outboxes):
        heard = [number for number in range(20) if index != number % 3]
        expected = b"".join(b"%d a" % n + (b"%d b" % n if n % 2 else b"") for n in heard)
        assert dirty.join(outbox.pending) == expected
    assert dirty.outboxes == [*outboxes[1:], outboxes[0]]
