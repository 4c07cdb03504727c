"""The check that every scenario relies on: it must accept correct output in any pieces, and nothing else."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.bench.reader import Reader
from greenchat.bench.transcript import Transcript, TranscriptPosition, ViolationError
from greenchat.bench.wire import Wording

WORDING = Wording(20)


def talk(sender: int, number: int, tags: bytes = b"") -> bytes:
    return b"%b:c%05d!u@h PRIVMSG #x :%b\r\n" % (tags, sender, WORDING.text(sender, number))


def came(index: int, verb: bytes = b"JOIN") -> bytes:
    return b":c%05d!u@h %b #x\r\n" % (index, verb)


class Scene:
    """A transcript with readers, and what it reported."""

    def __init__(self, readers: int, *, echo: bool = True, counts: dict[int, int] | None = None) -> None:
        self.complete: list[tuple[int, int]] = []
        self.private: list[bytes] = []
        self.released: list[TranscriptPosition] = []
        self.arrived: list[tuple[int, int, int]] = []
        counts = counts or {}
        self.transcript = Transcript(
            WORDING,
            b"#x",
            on_complete=lambda sender, number: self.complete.append((sender, number)),
            said_by=lambda sender: counts.get(sender, 0),
            release=self.released.append,
            on_arrival=lambda reader, sender, number: self.arrived.append((reader.index, sender, number)),
        )
        self.readers = [Reader(self.transcript, index, self.private.append, echo=echo) for index in range(readers)]
        for reader in self.readers:
            self.transcript.present.add(reader.index)
            self.transcript.enter(reader)


LINES = [talk(1, 0), talk(2, 0), talk(1, 1), talk(3, 0), talk(2, 1)]


def test_all_accept_what_the_first_reader_got() -> None:
    scene = Scene(3)
    for reader in scene.readers:
        assert scene.complete == []
        reader.feed(b"".join(LINES))
    assert scene.complete == [(1, 0), (2, 0), (1, 1), (3, 0), (2, 1)]
    assert [reader.got() for reader in scene.readers] == [5, 5, 5]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=40))
def test_any_pieces_to_readers_in_any_order(steps: list[tuple[int, int]]) -> None:
    scene = Scene(3)
    stream = b"".join(LINES)
    fed = [0, 0, 0]
    for index, size in [*steps, (0, 1000), (1, 1000), (2, 1000)]:
        scene.readers[index].feed(stream[fed[index] : fed[index] + size])
        fed[index] += size
    assert [reader.got() for reader in scene.readers] == [5, 5, 5]
    assert sorted(scene.complete) == [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0)]


WRONG = [
    ("lost", [0, 1, 3, 4], 2),  # the second message of 1 is lost; 1's third shows it
    ("doubled", [0, 1, 1, 2, 3, 4], None),
    ("doubled at the end", [0, 1, 2, 3, 4, 4], None),
    ("out of order", [2, 0, 1, 3, 4], None),
    ("out of order later", [0, 2, 1, 4, 3, 1], None),
]


@pytest.mark.parametrize(("what", "order", "shows"), WRONG)
@pytest.mark.parametrize("leads", [True, False])
@pytest.mark.parametrize("piecewise", [True, False])
def test_lost_doubled_and_reordered_messages_are_found(
    what: str, order: Sequence[int], shows: int | None, leads: bool, piecewise: bool
) -> None:
    """By the leading reader as well as by one that is compared, in one piece and line by line."""
    scene = Scene(2)
    good, bad = scene.readers
    lines = [LINES[at] for at in order]
    if shows is not None:
        lines.append(talk(1, shows))
    if not leads:
        good.feed(b"".join([*LINES, talk(1, 2)]))
    pieces = lines if piecewise else [b"".join(lines)]
    with pytest.raises(ViolationError, match="c00001 got message"):
        list(map(bad.feed, pieces))


def test_a_lost_last_message_is_found_by_the_expected_count() -> None:
    scene = Scene(2)
    scene.readers[0].feed(b"".join(LINES))
    scene.readers[1].feed(b"".join(LINES[:-1]))
    assert scene.complete == [(1, 0), (2, 0), (1, 1), (3, 0)]
    assert [reader.expects(2) for reader in scene.readers] == [2, 1]


@pytest.mark.parametrize(
    "line",
    [
        talk(1, 0).replace(b"00001 0000000", b"00002 0000000"),  # the text of another sender
        talk(1, 0)[:-4] + b"\r\n",  # truncated
        talk(1, 0).replace(b"#x", b"#y"),  # to another channel
        talk(1, 0).replace(b"xx", b"yy"),
        talk(1, 0).replace(b"\r\n", b"x\r\n"),
    ],
)
def test_a_changed_message_is_refused(line: bytes) -> None:
    scene = Scene(2)
    try:
        scene.readers[0].feed(line)
    except ViolationError:
        return
    assert scene.private == [line]
    assert scene.readers[0].got() == 0


def test_other_lines_tags_and_incomplete_lines_in_between() -> None:
    scene = Scene(2)
    tagged = [talk(1, number, b"@time=2026-01-01T00:00:00.000Z;msgid=a%d " % number) for number in range(3)]
    scene.readers[0].feed(b"".join(tagged))
    stream = b"PING :a\r\n" + tagged[0] + b":srv 372 c00001 :hello\r\n" + tagged[1] + tagged[2] + b"PING :b\r\n"
    for at in range(len(stream)):
        scene.readers[1].feed(stream[at : at + 1])
    assert scene.private == [b"PING :a\r\n", b":srv 372 c00001 :hello\r\n", b"PING :b\r\n"]
    assert scene.complete == [(1, 0), (1, 1), (1, 2)]


def test_tags_that_differ_between_receivers_are_compared_by_sender() -> None:
    scene = Scene(2)
    scene.readers[0].feed(talk(1, 0, b"@id=1 ") + talk(2, 0, b"@id=2 "))
    scene.readers[1].feed(talk(1, 0, b"@id=3 ") + talk(2, 0, b"@id=4 "))
    assert scene.arrived == [(1, 1, 0), (1, 2, 0)]
    assert [reader.got() for reader in scene.readers] == [2, 2]


def test_senders_may_be_interleaved_differently_but_each_keeps_its_order() -> None:
    scene = Scene(2)
    scene.readers[0].feed(b"".join(LINES))
    other = scene.readers[1]
    other.feed(LINES[1] + LINES[0] + LINES[4])
    assert scene.arrived == [(1, 2, 0), (1, 1, 0), (1, 2, 1)]
    with pytest.raises(ViolationError, match="number 1 is missing before it"):
        other.feed(talk(1, 2))


def test_the_sender_gets_no_echo_and_is_not_waited_for() -> None:
    scene = Scene(3, echo=False, counts={0: 1, 1: 1})
    lines = [talk(0, 0), talk(1, 0)]
    scene.readers[2].feed(b"".join(lines))
    scene.readers[0].feed(lines[1])
    assert scene.complete == []
    scene.readers[1].feed(lines[0])
    assert scene.complete == [(0, 0), (1, 0)]
    assert [reader.got() for reader in scene.readers] == [1, 1, 2]


@pytest.mark.parametrize("seen", [talk(1, 0), came(7)])
def test_a_sender_that_reads_first_waits_until_its_own_place_is_known(seen: bytes) -> None:
    scene = Scene(3, echo=False, counts={0: 1, 1: 1})
    scene.readers[0].feed(seen)
    assert scene.readers[0].got() == 0
    scene.readers[2].feed(talk(0, 0) + seen)
    assert scene.released == [scene.readers[0]]
    scene.readers[0].feed(b"")
    assert scene.readers[0].is_up_to_date()
    assert [reader.got() for reader in scene.readers] == [1, 0, 2]
    scene.readers[1].feed(talk(0, 0))
    assert scene.complete[0] == (0, 0)


def test_two_simultaneous_senders_are_compared_by_sender() -> None:
    scene = Scene(2, echo=False, counts={0: 1, 1: 1})
    scene.readers[0].feed(talk(1, 0))
    scene.readers[1].feed(talk(0, 0))
    assert scene.released == scene.readers
    for reader in scene.readers:
        reader.feed(b"")
    assert scene.arrived == [(0, 1, 0), (1, 0, 0)]


def test_a_newcomer_starts_at_its_own_join() -> None:
    scene = Scene(1)
    newcomer = Reader(scene.transcript, 5, scene.private.append, echo=True)
    newcomer.feed(b":srv 001 c00005 :hi\r\n" + came(5) + b":srv 366 c00005 #x :end\r\n" + talk(0, 0))
    assert scene.private == [b":srv 001 c00005 :hi\r\n"]
    scene.readers[0].feed(came(4) + came(5) + talk(0, 0) + came(4, b"QUIT"))
    assert scene.released == [newcomer]
    newcomer.feed(b"")
    assert scene.private[1:] == [b":srv 366 c00005 #x :end\r\n"]
    newcomer.feed(came(4, b"QUIT"))
    assert newcomer.offset == len(scene.transcript.text)


@pytest.mark.parametrize(
    "lines", [[came(4), came(4)], [came(4, b"PART")], [came(4), came(4, b"QUIT"), came(4, b"QUIT")]]
)
def test_an_impossible_join_or_part_is_found(lines: list[bytes]) -> None:
    with pytest.raises(ViolationError, match="got twice or out of order"):
        Scene(1).readers[0].feed(b"".join(lines))


def test_a_missing_join_is_found() -> None:
    scene = Scene(2)
    scene.readers[0].feed(came(4) + came(5))
    with pytest.raises(ViolationError, match="got out of order"):
        scene.readers[1].feed(came(5))
