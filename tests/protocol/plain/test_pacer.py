"""The pauses between writes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.message import Message
from greenchat.protocol.plain import Family, OutputStyle, Pacer, render


def pacer(family: Family, *, newline: bool = True, ascii_: bool = False, hold: int = 0) -> Pacer:
    return Pacer(OutputStyle(family, newline, ascii_, hold), 100_000)


def drain(made: Pacer, now: int = 0) -> list[tuple[int, bytes]]:
    """Return (time, chunk) until nothing is left."""
    chunks = []
    while True:
        chunk, when = made.due(now)
        if chunk:
            chunks.append((now, chunk))
            made.written(now)
        elif when is None:
            return chunks
        else:
            assert when > now
            now = when


RAW_ENDED = {"family": Family.RAW, "newline": True}
RAW_BARE = {"family": Family.RAW, "newline": False}


@pytest.mark.parametrize(
    ("family", "newline", "chunks"),
    [
        (Family.LINE, True, [(5, b"a: 1\na: 2\nb joined the chat!\n")]),
        # "Consecutive newline-ended raw messages may share a chunk; tilde messages never."
        (Family.RAW, True, [(5, b"a: 1\n"), (35, b"a: 2\nb joined the chat!\n")]),
        # "at least 30 ms between two writes to one raw or tilde client"
        (Family.RAW, False, [(5, b"a: 1"), (35, b"a: 2"), (65, b"b joined the chat!")]),
        (Family.TILDE, True, [(5, b"a: 1"), (35, b"a: 2"), (65, b"b joined the chat!")]),
    ],
)
def test_chunks(family: Family, newline: bool, chunks: list[tuple[int, bytes]]) -> None:
    made = pacer(family, newline=newline)
    assert made.put(b"a: 1\na: 2\n")
    assert made.put(b"b joined the chat!\n")
    assert drain(made, 5) == chunks
    assert made.size == 0
    assert made.due(10_000) == (b"", None)


def test_a_pause_comes_also_before_later_messages() -> None:
    made = pacer(Family.TILDE)
    made.put(b"a~1\n")
    assert made.due(0) == (b"a~1", None)
    made.written(0)
    made.put(b"a~2\n")
    assert made.due(10) == (b"", 30)
    assert made.due(30) == (b"a~2", None)


def test_the_pause_begins_after_the_write() -> None:
    made = pacer(Family.TILDE)
    made.put(b"a~1\na~2\n")
    made.due(0)
    made.written(20)
    assert made.due(30) == (b"", 50)


def test_line_clients_need_no_pause() -> None:
    made = pacer(Family.LINE)
    for _ in range(3):
        made.put(b"a: 1\n")
        assert made.due(0) == (b"a: 1\n", None)
        made.written(0)


def test_combined_chunks_are_at_most_1000_bytes() -> None:
    made = pacer(Family.RAW)
    for _ in range(10):
        made.put(b"x" * 332 + b"\n")
    made.put(b"y\n")
    assert [(when, len(chunk)) for when, chunk in drain(made)] == [
        (0, 333),
        (30, 999),
        (60, 999),
        (90, 999),
        (120, 2),
    ]


def test_everything_is_held_back_until_the_window_is_open() -> None:
    made = pacer(Family.RAW, hold=500)
    made.put(b"a: 1\n")
    assert made.due(0) == (b"", 500)
    made.put(b"a: 2\n")
    assert made.due(499) == (b"", 500)
    assert drain(made, 500) == [(500, b"a: 1\n"), (530, b"a: 2\n")]


def test_the_line_end_is_chosen_when_a_message_is_written() -> None:
    style = OutputStyle(Family.RAW)
    made = Pacer(style, 1000)
    made.put(b"a: 1\na: 2\n")
    style.newline = False
    assert drain(made) == [(0, b"a: 1"), (30, b"a: 2")]


@pytest.mark.parametrize("newline", [False, True])
@pytest.mark.parametrize("text", [b"NICK", b" NICK ", b"NICK\t"])
def test_no_chunk_equals_the_prompt(newline: bool, text: bytes) -> None:
    made = pacer(Family.RAW, newline=newline)
    made.put(text + b"\n")
    (_, chunk), *_ = drain(made)
    assert chunk.strip() == b"(NICK)"


def test_ascii_only() -> None:
    made = pacer(Family.RAW, newline=False, ascii_=True)
    made.put("a: Grüße, 日本\na: plain\n".encode())
    assert drain(made) == [(0, b"a: Gru?e, ??"), (30, b"a: plain")]


def test_ascii_may_be_longer() -> None:
    made = pacer(Family.RAW, newline=False, ascii_=True)
    made.put(b"alice: " + "㎮".encode() * 330 + b"\n")
    made.put("㎮".encode() * 330 + b"\n")
    chunks = [chunk for _, chunk in drain(made)]
    assert all(len(chunk) <= 1000 for chunk in chunks)
    assert b"".join(chunk.removeprefix(b"alice: ") for chunk in chunks) == b"rad?s" * 660
    assert [chunk.startswith(b"alice: ") for chunk in chunks] == [True, True, False, False]


def test_the_queue_is_bounded() -> None:
    made = Pacer(OutputStyle(Family.TILDE), 100)
    assert made.put(b"x" * 49 + b"\n")
    assert made.put(b"x" * 49 + b"\n")
    assert not made.put(b"x\n")


def test_a_client_of_the_raw_family() -> None:
    style = OutputStyle(Family.TILDE)
    made = Pacer(style, 1000)
    made.put(b"a~1\n")
    made.put("SERVER~b joined\na~2∼3\n".encode())
    assert made.due(0) == (b"a~1", None)
    made.written(0)
    style.family = Family.RAW
    made.put(b"a: 4~5\n")
    assert drain(made, 30) == [(30, "b joined\na: 2∼3\na: 4~5\n".encode())]


def test_finish_does_not_wait_and_keeps_the_last_text() -> None:
    made = pacer(Family.TILDE, hold=500)
    for number in range(100):
        made.put(b"a~%d\n" % number)
    made.put(b"SERVER~bye\n")
    made.finish()
    chunks = drain(made)
    assert len(chunks) == 20
    assert chunks[0] == (0, b"a~81")
    assert chunks[-1] == (570, b"SERVER~bye")


@given(
    st.sampled_from(Family),
    st.booleans(),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 60), st.text(st.characters(codec="utf-8"), max_size=2000)), max_size=10),
)
def test_everything_is_written_once_and_in_order(
    family: Family, newline: bool, ascii_: bool, texts: list[tuple[int, str]]
) -> None:
    made = Pacer(OutputStyle(family, newline, ascii_ and family is Family.RAW, 200), 10**9)
    tilde = family is Family.TILDE
    lines: list[bytes] = []
    written: list[tuple[int, bytes]] = []
    now = 0
    for gap, text in texts:
        now += gap
        data = render(Message("PRIVMSG", ("#lobby", text), "NICK!u@h"), tilde=tilde)
        lines += data.split(b"\n")[:-1]
        made.put(data)
        chunk, _ = made.due(now)
        if chunk:
            written.append((now, chunk))
            made.written(now)
    written += drain(made, now)
    assert made.size == 0
    if family is Family.LINE:
        assert b"".join(chunk for _, chunk in written) == b"".join(line + b"\n" for line in lines)
        assert all(len(chunk) <= 1000 and chunk.endswith(b"\n") for _, chunk in written)
        return
    assert all(0 < len(chunk) <= 1000 and chunk != b"NICK" for _, chunk in written)
    assert all(later - earlier >= 30 for (earlier, _), (later, _) in itertools.pairwise(written))
    assert all(when >= 200 for when, _ in written)
    assert all(0 < len(chunk) <= 1000 and chunk != b"NICK" for _, chunk in written)
    if tilde or not newline:
        assert not any(chunk.endswith(b"\n") for _, chunk in written)
    if not ascii_:
        assert [line for _, chunk in written for line in chunk.removesuffix(b"\n").split(b"\n")] == lines
    elif family is Family.RAW:
        assert all(chunk.isascii() for _, chunk in written)
