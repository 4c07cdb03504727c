"""Which family is it? Tables of what comes in when, and what the answer is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.plain.arrival import Arrival, Ask, GiveUp, Irc, Known, Verdict
from greenchat.protocol.plain.family import NAME_LIMIT, Family, PromptTime

LINE, RAW, TILDE = Family.LINE, Family.RAW, Family.TILDE

Chunks = list[tuple[int, bytes]]


def play(arrival: Arrival, chunks: Chunks, until: int = 10_000) -> list[tuple[int, Verdict]]:
    """Feed chunks at their times with every deadline between them; (when, verdict) up to the one that ends it."""
    verdicts: list[tuple[int, Verdict]] = []

    def note(now: int, verdict: Verdict | None) -> bool:
        if verdict:
            verdicts.append((now, verdict))
        return verdict is not None and not isinstance(verdict, Ask)

    for time, chunk in [*chunks, (until, b"")]:
        while arrival.deadline < time or (arrival.deadline == time and not chunk):
            now = arrival.deadline
            if note(now, arrival.tick(now)):
                return verdicts
            assert arrival.deadline > now
        if chunk and note(time, arrival.receive(chunk, time)):
            return verdicts
    return verdicts


@pytest.mark.parametrize(
    ("chunks", "when", "verdict"),
    [
        # rule 1, "an IRC registration verb followed by a space or line end"
        ([(5, b"CAP LS 302\r\nNICK a\r\n")], 5, Irc(b"CAP LS 302\r\nNICK a\r\n", False)),
        ([(5, b"NICK alice\n")], 5, Irc(b"NICK alice\n", False)),
        ([(5, b"nick alice\n")], 5, Irc(b"nick alice\n", False)),
        ([(5, b"QUIT\r\n")], 5, Irc(b"QUIT\r\n", False)),
        ([(5, b"NICK\r\n")], 5, Irc(b"NICK\r\n", False)),
        ([(5, b"@label=1 CAP LS\r\n")], 5, Irc(b"@label=1 CAP LS\r\n", False)),
        ([(5, b":alice NICK alice\r\n")], 5, Irc(b":alice NICK alice\r\n", False)),
        ([(5, b"\r\nNICK a\r\n")], 5, Irc(b"\r\nNICK a\r\n", False)),
        ([(5, b"USER a 0"), (1900, b" * :b\r\n")], 1900, Irc(b"USER a 0 * :b\r\n", False)),
        ([(5, b"CAP"), (20, b" LS\r\n")], 20, Irc(b"CAP LS\r\n", False)),
        ([(i, bytes([b])) for i, b in enumerate(b"PASS x\n")], 6, Irc(b"PASS x\n", False)),
        # "without a newline it is somebody's name"
        ([(5, b"NICK alice")], 2005, Known(TILDE, b"NICK alice", (), False)),
        ([(5, b"USER "), (1000, b"x")], 2005, Known(TILDE, b"USER x", (), False)),
        # a name like a verb is a name
        ([(5, b"NICK")], 65, Known(TILDE, b"NICK", (), False)),
        ([(5, b"quit\n")], 5, Known(LINE, b"quit", (), False)),
        ([(5, b"Nick Cave\n")], 5, Known(LINE, b"Nick Cave", (), False)),
        ([(5, b"NICKY x\n")], 5, Known(LINE, b"NICKY x", (), False)),
        ([(5, b"JOIN #x\n")], 5, Known(LINE, b"JOIN #x", (), False)),
        ([(5, b"JOIN\r\n")], 5, Known(LINE, b"JOIN\r", (), False)),
        ([(5, b"Who cares\r\n")], 5, Known(LINE, b"Who cares\r", (), False)),
        # what only a program of IRC can have written is IRC, and will be told that it is too early
        ([(5, b"JOIN #x\r\n")], 5, Irc(b"JOIN #x\r\n", False)),
        ([(5, b"@+a=b PRIVMSG #x :hi\r\nNICK x\r\n")], 5, Irc(b"@+a=b PRIVMSG #x :hi\r\nNICK x\r\n", False)),
        # "a newline in it: line; the first line is the name, the rest are messages"
        ([(5, b"alice\n")], 5, Known(LINE, b"alice", (), False)),
        ([(5, b"\n")], 5, Known(LINE, b"", (), False)),
        ([(5, b"alice\r\nhi\nthere")], 5, Known(LINE, b"alice\r", (b"hi\nthere",), False)),
        ([(5, b"x" * 1500), (30, b"\n")], 30, Known(LINE, b"x" * 1500, (), False)),
        # "anything else: tilde; the chunk is the name"
        ([(5, b"alice")], 5, Known(TILDE, b"alice", (), False)),
        ([(399, b"Big Bob")], 399, Known(TILDE, b"Big Bob", (), False)),
        ([(399, b"\xff\xfe\n")], 399, Known(LINE, b"\xff\xfe", (), False)),
        ([(399, b"alice:")], 399, Known(TILDE, b"alice:", (), False)),
        ([(5, b": hi")], 5, Known(TILDE, b": hi", (), False)),
        # a chunk that seems cut off waits 60 ms for its rest, and each piece again
        ([(5, b"Zo\xc3"), (10, b"\xab")], 10, Known(TILDE, b"Zo\xc3\xab", (), False)),
        ([(5, b"Zo\xc3")], 65, Known(TILDE, b"Zo\xc3", (), False)),
        ([(5, b"x" * 1000), (60, b"x" * 1000)], 120, Known(TILDE, b"x" * 2000, (), False)),
        # no name ever
        ([(t, b"x" * 1000) for t in range(0, 2000, 50)], 16 * 50, GiveUp("a name without an end")),
    ],
)
def test_bytes_come_unasked(chunks: Chunks, when: int, verdict: Verdict) -> None:
    assert play(Arrival(0), chunks) == [(when, verdict)]


@pytest.mark.parametrize(
    ("chunks", "when", "verdict"),
    [
        # "the answer is an IRC line"
        ([(900, b"CAP LS 302\r\n")], 900, Irc(b"CAP LS 302\r\n", True)),
        ([(900, b"NICK bob\n")], 900, Irc(b"NICK bob\n", True)),
        ([(900, b"NICK bob")], 2900, Known(RAW, b"NICK bob", (), False)),
        # "it ends in a newline: line; otherwise raw"
        ([(900, b"alice\n")], 900, Known(LINE, b"alice", (), False)),
        ([(900, b"alice\r\n")], 900, Known(LINE, b"alice\r", (), False)),
        ([(900, b"\n")], 900, Known(LINE, b"", (), False)),
        ([(900, b"alice\nhi\n")], 900, Known(LINE, b"alice", (b"hi\n",), False)),
        ([(900, b"alice")], 900, Known(RAW, b"alice", (), False)),
        ([(900, b"alice\nhi")], 900, Known(RAW, b"alice", (b"hi",), False)),
        ([(900, b" ")], 900, Known(RAW, b" ", (), False)),
        ([(900, b"NICK")], 960, Known(RAW, b"NICK", (), False)),
        # "it has the form `x: text`: the name is x, and the text is a message too"
        ([(900, b"alice: hi")], 900, Known(RAW, b"alice", (b"alice: hi",), False)),
        ([(900, b"alice: hi\n")], 900, Known(RAW, b"alice", (b"alice: hi\n",), False)),
        ([(900, b"Big Bob: a: b")], 900, Known(RAW, b"Big Bob", (b"Big Bob: a: b",), False)),
        ([(900, "Zoë: ".encode())], 900, Known(RAW, "Zoë".encode(), ("Zoë: ".encode(),), False)),
        # telnet tells what it could do, and then waits like any other
        ([(5, b"\xff\xfb\x1f\xff\xfb\x20\xff\xfd\x03"), (900, b"alice\r\n")], 900, Known(LINE, b"alice\r", (), False)),
        # who answers within 150 ms is no person
        ([(550, b"alice")], 550, Known(RAW, b"alice", (), True)),
        ([(551, b"alice")], 551, Known(RAW, b"alice", (), False)),
    ],
)
def test_silence_then_the_prompt_once(chunks: Chunks, when: int, verdict: Verdict) -> None:
    telnet = chunks[0][1].startswith(b"\xff") and chunks[0][0] < 400
    assert play(Arrival(0), chunks) == [(400, Ask(telnet)), (when, verdict)]


@pytest.mark.parametrize(
    ("chunks", "asked", "when", "verdict"),
    [
        # "`name: text` without a newline: a terminal client that talks before its name was asked"
        ([(5, b"alice: hi"), (30, b"alice")], 5, 30, Known(RAW, b"alice", (b"alice: hi",), True)),
        (
            [(5, b"alice: hi"), (3000, b"alice: two")],
            5,
            3000,
            Known(RAW, b"alice", (b"alice: hi", b"alice: two"), False),
        ),
        ([(5, b"alice: hi"), (3000, b"alice\n")], 5, 3000, Known(LINE, b"alice", (b"alice: hi",), False)),
    ],
)
def test_text_before_the_name(chunks: Chunks, asked: int, when: int, verdict: Verdict) -> None:
    assert play(Arrival(0), chunks) == [(asked, Ask()), (when, verdict)]


@pytest.mark.parametrize("minutes", [1, 9])
def test_a_dialog_may_stay_open_for_minutes(minutes: int) -> None:
    late = minutes * 60_000
    assert play(Arrival(0), [(late, b"alice")], until=10**9) == [
        (400, Ask()),
        (late, Known(RAW, b"alice", (), False)),
    ]


def test_but_not_for_ever() -> None:
    assert play(Arrival(0, timeout=5000), [], until=10**9) == [(400, Ask()), (5000, GiveUp("no name came"))]


@pytest.mark.parametrize("data", [bytes(range(1, 32)) * 4, b"PK\x03\x04\x14" + bytes(30), "hello".encode("utf-32-le")])
def test_what_is_no_text_is_nobody(data: bytes) -> None:
    """A file, or a protocol that is none of ours: it does not become somebody in the lobby."""
    assert play(Arrival(0), [(5, data)]) == [(5, GiveUp("that was not text"))]


def test_not_even_drop_by_drop() -> None:
    drops = [(time, b"\xc3") for time in range(500, 6000, 50)]
    assert play(Arrival(0, timeout=5000), drops) == [(400, Ask()), (5000, GiveUp("no name came"))]


@pytest.mark.parametrize("piece", [b"\xc3", b"NICK "])
def test_what_seems_cut_off_is_not_waited_for_for_ever(piece: bytes) -> None:
    """By a clock of its own: where a real sender is held up for longer than the rest has, it is a name after all."""
    pieces = [(time, piece) for time in range(450, 3000, 20)]
    asked, (given_up, verdict) = play(Arrival(0, timeout=1000), pieces)
    assert asked == (400, Ask())
    assert verdict == GiveUp("no name came")
    assert 1000 <= given_up < 1020


@pytest.mark.parametrize(
    ("prompt", "chunks", "verdicts"),
    [
        (PromptTime.NOW, [(900, b"alice")], [(0, Ask()), (900, Known(RAW, b"alice", (), False))]),
        (PromptTime.NOW, [(20, b"NICK a\r\n")], [(0, Ask()), (20, Known(LINE, b"NICK a\r", (), True))]),
        (PromptTime.NEVER, [(900, b"alice")], [(900, Known(TILDE, b"alice", (), False))]),
        (PromptTime.NEVER, [(900, b"a: b\nc")], [(900, Known(TILDE, b"a: b", (b"c",), False))]),
        (PromptTime.NEVER, [], [(5000, GiveUp("no name came"))]),
        (PromptTime.GRACE, [(20, b"CAP LS\r\n")], [(20, Known(LINE, b"CAP LS\r", (), False))]),
    ],
)
def test_pinned(prompt: PromptTime, chunks: Chunks, verdicts: list[tuple[int, Verdict]]) -> None:
    assert play(Arrival(0, prompt=prompt, irc=False, timeout=5000), chunks) == verdicts


def test_the_grace_can_be_set() -> None:
    assert play(Arrival(0, grace=50), [(70, b"alice")]) == [(50, Ask()), (70, Known(RAW, b"alice", (), True))]


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        (b"", None),
        (b"NICK alice", Known(TILDE, b"NICK alice", (), False)),
        (b"x" * 1000, Known(TILDE, b"x" * 1000, (), False)),
    ],
)
def test_the_end_comes_early(before: bytes, verdict: Verdict | None) -> None:
    arrival = Arrival(0)
    assert not before or arrival.receive(before, 5) is None
    assert arrival.end(6) == verdict


@given(st.lists(st.tuples(st.integers(1, 700), st.binary(min_size=1, max_size=1500)), max_size=20))
def test_whatever_comes_in_is_kept_once(chunks: Chunks) -> None:
    times = [sum(gap for gap, _ in chunks[: i + 1]) for i in range(len(chunks))]
    sent = list(zip(times, (chunk for _, chunk in chunks), strict=True))
    verdicts = play(Arrival(0), sent, until=10**9)
    asked = [when for when, verdict in verdicts if isinstance(verdict, Ask)]
    assert len(asked) <= 1
    when, verdict = verdicts[-1]
    data = b"".join(chunk for time, chunk in sent if time <= when)
    match verdict:
        case Irc(held, _):
            assert held == data
        case Known(_, typed, rest, _):
            whole = b"".join(rest)
            assert len(typed) + len(whole) <= NAME_LIMIT
            assert data in (whole, typed + whole, typed + b"\n" + whole, whole + typed, whole + typed + b"\n")
        case GiveUp(reason):
            assert (len(data) > NAME_LIMIT) == (reason == "a name without an end")
