"""Splitting chunks into texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.plain.family import TEXT_LIMIT, Family, OutputStyle
from greenchat.protocol.plain.speech import NAMES_KEPT, PlainSpeech

LINE, RAW, TILDE = Family.LINE, Family.RAW, Family.TILDE


def speech(family: Family, *names: str) -> PlainSpeech:
    made = PlainSpeech(OutputStyle(family))
    for name in names or ("alice",):
        made.claim(name)
    return made


@pytest.mark.parametrize(
    ("family", "chunk", "texts"),
    [
        (LINE, b"\n", []),
        (RAW, b"\n", []),
        (TILDE, b" ", []),
        # "Raw and line split at newlines and drop `\r`"
        (LINE, b"hi\r\nthere\n", ["hi", "there"]),
        (RAW, b"hi\r\nthere", ["hi", "there"]),
        (RAW, b"alice: hi\nalice: there\n", ["hi", "there"]),
        (TILDE, b"hi", ["hi"]),
        (TILDE, b"a~b", ["a~b"]),
        (TILDE, b"a\nb\n", ["a", "b"]),
        # "Undecodable bytes become U+FFFD"
        (RAW, b"a\xff\xc3(b", ["a\ufffd\ufffd(b"]),
        (LINE, b"\xe2\x82\n", ["\ufffd"]),
        # "Nothing left after stripping: dropped"
        (RAW, b"alice: ", []),
        (RAW, b"alice:", []),
        (RAW, b"alice: \nalice: x\n", ["x"]),
        (LINE, b"  \n\t\n", []),
        # "one leading `name:` of any name it has claimed"
        (RAW, b"alice: hi", ["hi"]),
        (RAW, b"alice:hi", ["hi"]),
        (RAW, b" alice: hi", ["hi"]),
        (RAW, b"alice: alice: hi", ["alice: hi"]),
        (RAW, b"alice:  two spaces ", [" two spaces "]),
        (RAW, b"bob: hi", ["bob: hi"]),
        (RAW, b"alice: bob: hi", ["bob: hi"]),
        (RAW, b"alicette: hi", ["alicette: hi"]),
        (RAW, b"Alice: hi", ["Alice: hi"]),
        (LINE, b"alice:hi\n", ["hi"]),
        (TILDE, b"alice:hi", ["hi"]),
        # "split where its prefix follows a character that is no space"
        (RAW, b"alice: onealice: two", ["one", "two"]),
        (RAW, b"alice: onealice: twoalice: three\n", ["one", "two", "three"]),
        (RAW, b"alice: one alice: two", ["one alice: two"]),
        (RAW, b"alice: onealice:two", ["onealice:two"]),
        (RAW, b"onealice: two", ["onealice: two"]),
        (RAW, b"alice: oneBob: two", ["oneBob: two"]),
    ],
)
def test_texts(family: Family, chunk: bytes, texts: list[str]) -> None:
    assert speech(family).receive(chunk, 0) == texts


@pytest.mark.parametrize(
    ("names", "chunk", "texts"),
    [
        (("Big Bob", "Big_Bob"), "Big Bob: hi", ["hi"]),
        (("Big Bob", "Big_Bob"), "Big_Bob: hi", ["hi"]),
        (("Zoë", "Zo_"), "Zoë: hiZoë: ho", ["hi", "ho"]),
        (("a", "a:b"), "a:b: hi", ["hi"]),
        (("alice ",), "alice : hi", ["hi"]),
        ((" alice",), " alice: hi", ["hi"]),
        (("", " "), ": hi", [": hi"]),
        (("x" * 5000,), "x" * 5000 + ": hi", ["x" * 5000 + ": hi"]),
    ],
)
def test_stripping_names(names: tuple[str, ...], chunk: str, texts: list[str]) -> None:
    made = speech(RAW, *names)
    assert made.receive(chunk.encode(), 0) + made.tick(60) == texts


def test_former_names_are_stripped_up_to_a_limit() -> None:
    names = [f"name{i}" for i in range(NAMES_KEPT + 5)]
    made = speech(RAW, *names)
    assert made.receive(b"name0: hi", 0) == ["hi"]
    assert made.receive(b"name1: hi", 0) == ["name1: hi"]
    assert made.receive(names[-1].encode() + b": hi", 0) == ["hi"]


class TestWaiting:
    """ "only a chunk of 1000 bytes or more, or one that ends inside a UTF-8 character, without a final newline,
    waits 60 ms for its rest" """

    def test_one_chunk_is_one_message(self) -> None:
        made = speech(TILDE)
        assert made.receive(b"x" * 999, 0) == ["x" * 999]
        assert not made.deadline

    def test_a_long_chunk_waits(self) -> None:
        made = speech(TILDE)
        assert made.receive(b"x" * 1000, 10) == []
        assert made.deadline == 70
        assert made.tick(69) == []
        assert made.tick(70) == ["x" * 1000]
        assert not made.deadline
        assert made.tick(1000) == []

    def test_the_rest_completes_it(self) -> None:
        made = speech(RAW)
        assert made.receive(b"alice: " + b"x" * 1441, 10) == []
        assert made.receive(b"y" * 1448, 50) == []
        assert made.deadline == 110
        assert made.receive(b"z", 51) == ["x" * 1441 + "y" * 1448 + "z"]
        assert not made.deadline

    def test_half_a_character_waits(self) -> None:
        made = speech(RAW)
        assert made.receive(b"gr\xc3", 0) == []
        assert made.receive(b"\xbcn", 5) == ["grün"]
        assert made.receive(b"gr\xc3", 10) == []
        assert made.tick(70) == ["gr\ufffd"]

    def test_a_newline_ends_it(self) -> None:
        assert speech(RAW).receive(b"x" * 5000 + b"\n", 0) == ["x" * 5000]

    def test_line_clients_always_wait_for_the_newline(self) -> None:
        made = speech(LINE)
        assert [made.receive(bytes([byte]), i * 1000) for i, byte in enumerate(b"hi\r\n")] == [[], [], [], ["hi"]]
        assert not made.deadline

    def test_the_end_of_the_connection_completes_everything(self) -> None:
        made = speech(LINE)
        assert made.receive(b"hi\nho", 0) == ["hi"]
        assert made.end() == ["ho"]
        assert made.end() == []


class TestStyle:
    def test_messages_end_as_the_clients_own(self) -> None:
        made = speech(RAW)
        ends = [made._style.newline]
        for chunk in (b"alice: hi", b"alice: hi\n"):
            made.receive(chunk, 0)
            ends.append(made._style.newline)
        assert ends == [True, False, True]

    def test_ascii_until_the_first_other_byte(self) -> None:
        made = speech(RAW)
        made._style.ascii = True
        only = []
        for text in ("hi", "grün", "hi"):
            made.receive(f"alice: {text}".encode(), 0)
            only.append(made._style.ascii)
        assert only == [True, False, False]

    def test_ascii_until_a_newline(self) -> None:
        made = speech(RAW)
        made._style.ascii = True
        made.receive(b"alice: hi\n", 0)
        assert not made._style.ascii

    @pytest.mark.parametrize(
        ("family", "chunk", "moved", "newline"),
        [
            (TILDE, b"alice: hi", True, False),
            (LINE, b"alice: hi\n", False, True),  # a user of a terminal may type that once
            (LINE, b"alice: hi\nalice: there\n", True, True),
            (LINE, b"hi\nalice: hi\nalice: there\n", False, True),
            (LINE, b"alice: hi", True, False),  # a terminal sends lines
            (LINE, b"bob: hi\n", False, True),
            (LINE, b"alice:hi\n", False, True),
            (LINE, b"say alice: hi\n", False, True),
        ],
    )
    def test_own_prefix_is_evidence(self, family: Family, chunk: bytes, moved: bool, newline: bool) -> None:
        made = speech(family)
        made.receive(chunk, 0)
        assert (made._style.family is Family.RAW) == moved
        assert made._style.newline == newline

    def test_detection_within_a_chunk(self) -> None:
        made = speech(LINE)
        assert made.receive(b"alice: hi\nalice: ho", 0) == ["hi"]
        assert made.deadline == 60
        assert made.tick(60) == ["ho"]


class TestBounds:
    @pytest.mark.parametrize("family", list(Family))
    def test_a_text_without_end_comes_in_parts(self, family: Family) -> None:
        made = speech(family)
        text = "ä€👍" * 40_000
        data = text.encode()
        texts = []
        for i in range(0, len(data), 1459):
            texts += made.receive(data[i : i + 1459], 0)
            assert len(made._data) < TEXT_LIMIT + 1459
        assert "".join(texts + made.end()) == text


@given(
    st.sampled_from(Family),
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters=":\r\n"), min_size=1), max_size=8),
    st.lists(st.integers(1, 40), min_size=1),
)
def test_nothing_is_lost_or_doubled_however_it_is_split(family: Family, text: list[str], sizes: list[int]) -> None:
    made = speech(family)
    data = "".join(text + "\n" for text in text).encode()
    texts: list[str] = []
    now = start = 0
    while start < len(data):
        size = sizes[now % len(sizes)]
        texts += made.receive(data[start : start + size], now)
        start += size
        now += 1
    texts += made.end()
    if family is Family.LINE:
        assert texts == [text for text in text if text.strip()]
    else:
        # a recv() is a message, so only parts separated by white space are compared
        assert "".join("".join(texts).split()) == "".join("".join(text).split())


@given(st.sampled_from(Family), st.lists(st.tuples(st.integers(0, 100), st.binary(min_size=1)), max_size=20))
def test_any_bytes_are_harmless(family: Family, chunks: list[tuple[int, bytes]]) -> None:
    made = speech(family, "a", "b c")
    now = 0
    for gap, chunk in chunks:
        now += gap
        for text in [*made.tick(now), *made.receive(chunk, now)]:
            assert text.strip()
            assert "\n" not in text
            assert "\r" not in text
    made.end()
    assert not made.deadline
