"""Output that waits within a turn is counted, also for clients that have gone."""

from functools import partial

from greenchat.chat.broadcast import BroadcastGroup
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message

_KIB = 1024


def test_output_to_a_group_is_counted_for_each_member() -> None:
    dirty = Dirty()
    group = BroadcastGroup()
    outboxes = [Outbox(dirty) for _ in range(10)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    envelope = Envelope(Message("NOTICE", ("#x", "hello"), "server"), time=0)
    group.broadcast(envelope)
    size = len(envelope.encode(0))
    assert (dirty.largest, dirty.volume) == (size, 10 * size)
    dirty.take()
    assert (dirty.largest, dirty.volume, dirty.outboxes) == (0, 0, [])


def test_a_full_turn_is_reported_once() -> None:
    calls: list[int] = []
    dirty = Dirty(lambda: calls.append(1))
    outbox = Outbox(dirty)
    for _ in range(2048):
        outbox.put(b"x" * _KIB)
    assert dirty.is_full
    assert calls == [1]
    dirty.take()
    assert not dirty.is_full


def test_output_for_a_closed_connection_is_counted_all_the_same() -> None:
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
    assert dirty.volume > 0  # also when the last member of a group has gone
    assert gone.has_ended


def test_output_for_one_client_does_not_count_for_others() -> None:
    """Each newcomer to a large channel gets its names: that does not end the turn, unless it is too much for a single
    client.
    """
    calls: list[int] = []
    dirty = Dirty(lambda: calls.append(1))
    outboxes = [Outbox(dirty) for _ in range(20)]
    for outbox in outboxes:
        for _ in range(4):
            outbox.put(b"x" * 10_000)
    assert dirty.largest == 40_000
    assert not calls
    for _ in range(60):
        outboxes[0].put(b"x" * 10_000)
    assert dirty.largest == 640_000
    assert calls == [1]
    dirty.take()
    outboxes[0].put(b"x")
    assert dirty.largest == 1


def test_much_output_to_many_groups_is_little_for_each_member() -> None:
    calls: list[int] = []
    dirty = Dirty(lambda: calls.append(1))
    groups = [BroadcastGroup() for _ in range(100)]
    for group in groups:
        for _ in range(3):
            group.add(Session(Outbox(dirty), "host", 0))
    for number in range(5_000):
        groups[number % 100].broadcast_lines(lambda _: [b"x" * 500], None)
    assert 25_000 <= dirty.largest <= 512 * _KIB
    assert not calls
    for _ in range(1100):
        groups[0].broadcast_lines(lambda _: [b"x" * 500], None)
    assert calls == [1]
    dirty.take()
    assert dirty.largest == 0


def test_equal_output_of_many_is_joined_once() -> None:
    """Also if the senders, who have not received their own messages, are among them."""
    dirty = Dirty()
    pending = [b"line %d\r\n" % number for number in range(40)]
    first = dirty.join(pending.copy())
    assert first == b"".join(pending)
    speaker = dirty.join(pending[1:])
    assert speaker == b"".join(pending[1:])
    assert dirty.join(pending.copy()) is first
    assert dirty.join([*pending[:-1], b"other\r\n"]) == b"".join(pending[:-1]) + b"other\r\n"
    assert dirty.join(pending.copy()) is first
    others = [b"tagged %b" % line for line in pending]  # of another kind
    dirty.join(others)
    second = dirty.join(others)
    assert second == b"".join(others)
    assert dirty.join(others.copy()) is second
    dirty.take()
    assert dirty.join(pending) is not first, "it is not kept for longer than its turn"
    assert dirty.join(pending[:3]) == b"".join(pending[:3])


def _encoded(lines: list[bytes], kind: int) -> list[bytes]:
    """Return the same bytes for each kind of client."""
    return lines


def test_members_with_and_without_echo_get_their_bytes_in_order() -> None:
    dirty = Dirty()
    group = BroadcastGroup()
    outboxes = [Outbox(dirty) for _ in range(5)]
    for outbox in outboxes:
        group.add(Session(outbox, "host", 0))
    for number in range(20):
        lines = [b"%d a" % number, b"%d b" % number][: 1 + number % 2]
        group.broadcast_lines(partial(_encoded, lines), outboxes[number % 3])
    for index, outbox in enumerate(outboxes):
        numbers = [number for number in range(20) if index != number % 3]
        expected = b"".join(b"%d a" % n + (b"%d b" % n if n % 2 else b"") for n in numbers)
        assert dirty.join(outbox.pending) == expected
    assert dirty.outboxes == [*outboxes[1:], outboxes[0]]
