"""The sendq of all slow readers together."""

from greenchat.server.net.sendq import OUT_OF_MEMORY, SendQueues


class Reader:
    """An outbox with output that waits."""

    def __init__(self, queues: SendQueues) -> None:
        self.queues = queues
        self.backlog = 0
        self.reason = ""

    def take(self, size: int) -> None:
        self.backlog = size
        self.queues.changed(self, size)

    def cut(self, reason: str) -> None:
        self.reason = reason
        self.take(0)


def test_the_slowest_readers_are_cut_first() -> None:
    queues = SendQueues(1000)
    readers = [Reader(queues) for _ in range(10)]
    for number, reader in enumerate(readers):
        reader.take(20 * number)  # 900 in all
    readers[0].take(150)
    assert [number for number, reader in enumerate(readers) if reader.reason] == [9]
    assert queues.total == 870


def test_without_a_limit_nobody_is_cut() -> None:
    queues = SendQueues(0)
    reader = Reader(queues)
    reader.take(1 << 40)
    assert not reader.reason


def test_a_reader_that_has_caught_up_no_longer_counts() -> None:
    queues = SendQueues(1000)
    one, other = Reader(queues), Reader(queues)
    one.take(900)
    one.take(0)
    other.take(900)
    assert (queues.total, one.reason, other.reason) == (900, "", "")


def test_finding_the_slowest_reader_is_cheap() -> None:
    """Thousands of slow readers, and a flood that fills all sendqs: all of them are searched only a few times."""
    queues = SendQueues(5000 * 100)
    readers = [Reader(queues) for _ in range(10_000)]
    looks = 0
    for size in range(20, 120, 20):
        for reader in readers:
            if not reader.reason:
                before = queues.total
                reader.take(size)
                looks += queues.total < before
    assert looks < 20
    assert queues.total <= queues.limit


def test_cutting_the_slowest_frees_memory() -> None:
    queues = SendQueues(0)
    queues.relieve()
    one, other = Reader(queues), Reader(queues)
    one.take(10)
    other.take(20)
    queues.relieve()
    assert (one.reason, other.reason) == ("", OUT_OF_MEMORY)
