"""Detecting the family of a client: tables of input with its times, and the verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.plain.arrival import Arrival, Ask, GiveUp, NameKnown, SpeaksIrc, Verdict
from greenchat.protocol.plain.family import NAME_LIMIT, Family, PromptTime

LINE, RAW, TILDE = Family.LINE, Family.RAW, Family.TILDE

Chunks = list[tuple[int, bytes]]


def play(arrival: Arrival, chunks: Chunks, until: int = 10_000) -> list[tuple[int, Verdict]]:
    """Feed chunks at their times and all deadlines in between; return (time, verdict) up to the final one."""
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
        ([(5, b"CAP LS 302\r\nNICK a\r\n")], 5, SpeaksIrc(b"CAP LS 302\r\nNICK a\r\n", False)),
        ([(5, b"NICK alice\n")], 5, SpeaksIrc(b"NICK alice\n", False)),
        ([(5, b"nick alice\n")], 5, SpeaksIrc(b"nick alice\n", False)),
        ([(5, b"QUIT\r\n")], 5, SpeaksIrc(b"QUIT\r\n", False)),
        ([(5, b"NICK\r\n")], 5, SpeaksIrc(b"NICK\r\n", False)),
        ([(5, b"@label=1 CAP LS\r\n")], 5, SpeaksIrc(b"@label=1 CAP LS\r\n", False)),
        ([(5, b":alice NICK alice\r\n")], 5, SpeaksIrc(b":alice NICK alice\r\n", False)),
        ([(5, b"\r\nNICK a\r\n")], 5, SpeaksIrc(b"\r\nNICK a\r\n", False)),
        ([(5, b"USER a 0"), (1900, b" * :b\r\n")], 1900, SpeaksIrc(b"USER a 0 * :b\r\n", False)),
        ([(5, b"CAP"), (20, b" LS\r\n")], 20, SpeaksIrc(b"CAP LS\r\n", False)),
        ([(i, bytes([b])) for i, b in enumerate(b"PASS x\n")], 6, SpeaksIrc(b"PASS x\n", False)),
        # "without a newline it is somebody's name"
        ([(5, b"NICK alice")], 2005, NameKnown(TILDE, b"NICK alice", (), False)),
        ([(5, b"USER "), (1000, b"x")], 2005, NameKnown(TILDE, b"USER x", (), False)),
        # a name that equals a verb is a name
        ([(5, b"NICK")], 65, NameKnown(TILDE, b"NICK", (), False)),
        ([(5, b"quit\n")], 5, NameKnown(LINE, b"quit", (), False)),
        ([(5, b"Nick Cave\n")], 5, NameKnown(LINE, b"Nick Cave", (), False)),
        ([(5, b"NICKY x\n")], 5, NameKnown(LINE, b"NICKY x", (), False)),
        ([(5, b"JOIN #x\n")], 5, NameKnown(LINE, b"JOIN #x", (), False)),
        ([(5, b"JOIN\r\n")], 5, NameKnown(LINE, b"JOIN\r", (), False)),
        ([(5, b"Who cares\r\n")], 5, NameKnown(LINE, b"Who cares\r", (), False)),
        # a line that only an IRC client can have written means IRC, which will answer that it is too early
        ([(5, b"JOIN #x\r\n")], 5, SpeaksIrc(b"JOIN #x\r\n", False)),
        ([(5, b"@+a=b PRIVMSG #x :hi\r\nNICK x\r\n")], 5, SpeaksIrc(b"@+a=b PRIVMSG #x :hi\r\nNICK x\r\n", False)),
        # "a newline in it: line; the first line is the name, the rest are messages"
        ([(5, b"alice\n")], 5, NameKnown(LINE, b"alice", (), False)),
        ([(5, b"\n")], 5, NameKnown(LINE, b"", (), False)),
        ([(5, b"alice\r\nhi\nthere")], 5, NameKnown(LINE, b"alice\r", (b"hi\nthere",), False)),
        ([(5, b"x" * 1500), (30, b"\n")], 30, NameKnown(LINE, b"x" * 1500, (), False)),
        # "anything else: tilde; the chunk is the name"
        ([(5, b"alice")], 5, NameKnown(TILDE, b"alice", (), False)),
        ([(399, b"Big Bob")], 399, NameKnown(TILDE, b"Big Bob", (), False)),
        ([(399, b"\xff\xfe\n")], 399, NameKnown(LINE, b"\xff\xfe", (), False)),
        ([(399, b"alice:")], 399, NameKnown(TILDE, b"alice:", (), False)),
        ([(5, b": hi")], 5, NameKnown(TILDE, b": hi", (), False)),
        # a chunk that seems cut off waits 60 ms for its rest, as does each further piece
        ([(5, b"Zo\xc3"), (10, b"\xab")], 10, NameKnown(TILDE, b"Zo\xc3\xab", (), False)),
        ([(5, b"Zo\xc3")], 65, NameKnown(TILDE, b"Zo\xc3", (), False)),
        ([(5, b"x" * 1000), (60, b"x" * 1000)], 120, NameKnown(TILDE, b"x" * 2000, (), False)),
        # never a name
        ([(t, b"x" * 1000) for t in range(0, 2000, 50)], 16 * 50, GiveUp("a name without an end")),
    ],
)
def test_input_before_the_prompt(chunks: Chunks, when: int, verdict: Verdict) -> None:
    assert play(Arrival(0), chunks) == [(when, verdict)]


@pytest.mark.parametrize(
    ("chunks", "when", "verdict"),
    [
        # "the answer is an IRC line"
        ([(900, b"CAP LS 302\r\n")], 900, SpeaksIrc(b"CAP LS 302\r\n", True)),
        ([(900, b"NICK bob\n")], 900, SpeaksIrc(b"NICK bob\n", True)),
        ([(900, b"NICK bob")], 2900, NameKnown(RAW, b"NICK bob", (), False)),
        # "it ends in a newline: line; otherwise raw"
        ([(900, b"alice\n")], 900, NameKnown(LINE, b"alice", (), False)),
        ([(900, b"alice\r\n")], 900, NameKnown(LINE, b"alice\r", (), False)),
        ([(900, b"\n")], 900, NameKnown(LINE, b"", (), False)),
        ([(900, b"alice\nhi\n")], 900, NameKnown(LINE, b"alice", (b"hi\n",), False)),
        ([(900, b"alice")], 900, NameKnown(RAW, b"alice", (), False)),
        ([(900, b"alice\nhi")], 900, NameKnown(RAW, b"alice", (b"hi",), False)),
        ([(900, b" ")], 900, NameKnown(RAW, b" ", (), False)),
        ([(900, b"NICK")], 960, NameKnown(RAW, b"NICK", (), False)),
        # "it has the form `x: text`: the name is x, and the text is a message too"
        ([(900, b"alice: hi")], 900, NameKnown(RAW, b"alice", (b"alice: hi",), False)),
        ([(900, b"alice: hi\n")], 900, NameKnown(RAW, b"alice", (b"alice: hi\n",), False)),
        ([(900, b"Big Bob: a: b")], 900, NameKnown(RAW, b"Big Bob", (b"Big Bob: a: b",), False)),
        ([(900, "Zoë: ".encode())], 900, NameKnown(RAW, "Zoë".encode(), ("Zoë: ".encode(),), False)),
        # telnet sends its options, and then waits like any other
        (
            [(5, b"\xff\xfb\x1f\xff\xfb\x20\xff\xfd\x03"), (900, b"alice\r\n")],
            900,
            NameKnown(LINE, b"alice\r", (), False),
        ),
        # an answer within 150 ms does not come from a person
        ([(550, b"alice")], 550, NameKnown(RAW, b"alice", (), True)),
        ([(551, b"alice")], 551, NameKnown(RAW, b"alice", (), False)),
    ],
)
def test_silence_until_the_prompt(chunks: Chunks, when: int, verdict: Verdict) -> None:
    telnet = chunks[0][1].startswith(b"\xff") and chunks[0][0] < 400
    assert play(Arrival(0), chunks) == [(400, Ask(telnet)), (when, verdict)]


@pytest.mark.parametrize(
    ("chunks", "asked", "when", "verdict"),
    [
        # "`name: text` without a newline: a terminal client that talks before its name was asked"
        ([(5, b"alice: hi"), (30, b"alice")], 5, 30, NameKnown(RAW, b"alice", (b"alice: hi",), True)),
        (
            [(5, b"alice: hi"), (3000, b"alice: two")],
            5,
            3000,
            NameKnown(RAW, b"alice", (b"alice: hi", b"alice: two"), False),
        ),
        ([(5, b"alice: hi"), (3000, b"alice\n")], 5, 3000, NameKnown(LINE, b"alice", (b"alice: hi",), False)),
    ],
)
def test_text_before_the_name(chunks: Chunks, asked: int, when: int, verdict: Verdict) -> None:
    assert play(Arrival(0), chunks) == [(asked, Ask()), (when, verdict)]


@pytest.mark.parametrize("minutes", [1, 9])
def test_a_prompt_may_stay_unanswered_for_minutes(minutes: int) -> None:
    late = minutes * 60_000
    assert play(Arrival(0), [(late, b"alice")], until=10**9) == [
        (400, Ask()),
        (late, NameKnown(RAW, b"alice", (), False)),
    ]


def test_a_prompt_times_out() -> None:
    assert play(Arrival(0, timeout=5000), [], until=10**9) == [(400, Ask()), (5000, GiveUp("no name came"))]


@pytest.mark.parametrize("data", [bytes(range(1, 32)) * 4, b"PK\x03\x04\x14" + bytes(30), "hello".encode("utf-32-le")])
def test_binary_input_is_refused(data: bytes) -> None:
    """A file, or an unknown protocol: it does not become a user of the lobby."""
    assert play(Arrival(0), [(5, data)]) == [(5, GiveUp("that was not text"))]


def test_binary_input_byte_by_byte_is_refused() -> None:
    drops = [(time, b"\xc3") for time in range(500, 6000, 50)]
    assert play(Arrival(0, timeout=5000), drops) == [(400, Ask()), (5000, GiveUp("no name came"))]


@pytest.mark.parametrize("piece", [b"\xc3", b"NICK "])
def test_the_rest_of_a_chunk_is_not_waited_for_without_end(piece: bytes) -> None:
    """By a clock of its own: where a real sender is delayed longer than that, the chunk is a name after all."""
    pieces = [(time, piece) for time in range(450, 3000, 20)]
    asked, (given_up, verdict) = play(Arrival(0, timeout=1000), pieces)
    assert asked == (400, Ask())
    assert verdict == GiveUp("no name came")
    assert 1000 <= given_up < 1020


@pytest.mark.parametrize(
    ("prompt", "chunks", "verdicts"),
    [
        (PromptTime.NOW, [(900, b"alice")], [(0, Ask()), (900, NameKnown(RAW, b"alice", (), False))]),
        (PromptTime.NOW, [(20, b"NICK a\r\n")], [(0, Ask()), (20, NameKnown(LINE, b"NICK a\r", (), True))]),
        (PromptTime.NEVER, [(900, b"alice")], [(900, NameKnown(TILDE, b"alice", (), False))]),
        (PromptTime.NEVER, [(900, b"a: b\nc")], [(900, NameKnown(TILDE, b"a: b", (b"c",), False))]),
        (PromptTime.NEVER, [], [(5000, GiveUp("no name came"))]),
        (PromptTime.GRACE, [(20, b"CAP LS\r\n")], [(20, NameKnown(LINE, b"CAP LS\r", (), False))]),
    ],
)
def test_pinned_listeners(prompt: PromptTime, chunks: Chunks, verdicts: list[tuple[int, Verdict]]) -> None:
    assert play(Arrival(0, prompt=prompt, irc=False, timeout=5000), chunks) == verdicts


def test_the_grace_is_configurable() -> None:
    assert play(Arrival(0, grace=50), [(70, b"alice")]) == [(50, Ask()), (70, NameKnown(RAW, b"alice", (), True))]


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        (b"", None),
        (b"NICK alice", NameKnown(TILDE, b"NICK alice", (), False)),
        (b"x" * 1000, NameKnown(TILDE, b"x" * 1000, (), False)),
    ],
)
def test_an_early_end_of_the_connection(before: bytes, verdict: Verdict | None) -> None:
    arrival = Arrival(0)
    assert not before or arrival.receive(before, 5) is None
    assert arrival.end(6) == verdict


@given(st.lists(st.tuples(st.integers(1, 700), st.binary(min_size=1, max_size=1500)), max_size=20))
def test_all_input_is_kept_once(chunks: Chunks) -> None:
    times = [sum(gap for gap, _ in chunks[: i + 1]) for i in range(len(chunks))]
    sent = list(zip(times, (chunk for _, chunk in chunks), strict=True))
    verdicts = play(Arrival(0), sent, until=10**9)
    asked = [when for when, verdict in verdicts if isinstance(verdict, Ask)]
    assert len(asked) <= 1
    when, verdict = verdicts[-1]
    data = b"".join(chunk for time, chunk in sent if time <= when)
    match verdict:
        case SpeaksIrc(held, _):
            assert held == data
        case NameKnown(_, typed, rest, _):
            whole = b"".join(rest)
            assert len(typed) + len(whole) <= NAME_LIMIT
            assert data in (whole, typed + whole, typed + b"\n" + whole, whole + typed, whole + typed + b"\n")
        case GiveUp(reason):
            assert (len(data) > NAME_LIMIT) == (reason == "a name without an end")
