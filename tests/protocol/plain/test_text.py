"""Control characters, splitting, ASCII."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.plain.text import split_text, to_ascii, unfinished, visible, visible_typed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("hello", "hello"),
        ("Grüße 日本 👩‍👩‍👧", "Grüße 日本 👩‍👩‍👧"),
        # "Bold 0x02 ... Italics 0x1D ... Color 0x03 ... Reset 0x0F", https://modern.ircdocs.horse/formatting
        ("\x02bold\x02 \x1ditalic\x1d \x1funder\x1f \x1estrike\x1e \x11mono\x11 \x16reverse\x16\x0f", None),
        ("\x0304red\x03 \x034,12both\x03 \x03,5 \x03", "red both ,5 "),
        ("\x0312345", "345"),
        ("\x04ff0000red\x04 \x04ff0000,00FF00both", "red both"),
        ("\x1b[31mred\x1b[0m", "^[[31mred^[[0m"),
        ("\x1b]0;title\x07", "^[]0;title^G"),
        ("\x00\x01\x7f", "^@^A^?"),
        ("\x9b31m", "<9B>31m"),
        ("a\tb", "a    b"),
        ("a\r\nb\x0bc\x0cd\x85e\u2028f\u2029g", "a^M^Jb^Kc^Ld<85>e<2028>f<2029>g"),
        ("\u202eevil\u202c \u2066x\u2069", "<202E>evil<202C> <2066>x<2069>"),
    ],
)
def test_control_characters_become_visible(text: str, shown: str | None) -> None:
    assert visible(text) == ("bold italic under strike mono reverse" if shown is None else shown)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("hello", "hello"),
        ("\x02bold\x0f \x0304red a\tb", "\x02bold\x0f \x0304red a\tb"),
        ("\x01ACTION waves\x01", "^AACTION waves^A"),
        ("\x1b[A", "^[[A"),
        ("nul\x00 cr\r lf\n", "nul^@ cr^M lf^J"),
    ],
)
def test_typed_control_characters_become_visible(text: str, texts: str) -> None:
    assert visible_typed(text) == texts


@given(st.text())
def test_no_text_contains_control_sequences(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in shown)
    assert visible(shown) == shown
    typed = visible_typed(text)
    assert not set("\0\r\n\x01\x1b") & set(typed)
    assert visible(typed) == shown


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 8, [""]),
        ("12345678", 8, ["12345678"]),
        ("123456789", 8, ["12345678", "9"]),
        ("ääääää", 9, ["ääää", "ää"]),
        ("one two three", 9, ["one two ", "three"]),
        ("a bcdefghijk", 8, ["a bcdefg", "hijk"]),
        # a letter and its accent, and a family, stay together
        ("abcdefge\u0301", 8, ["abcdefg", "e\u0301"]),
        ("ab👩\u200d👧", 12, ["ab", "👩\u200d👧"]),
    ],
)
def test_split(text: str, limit: int, pieces: list[str]) -> None:
    assert split_text(text, limit) == pieces


@given(st.text(max_size=300), st.integers(8, 60))
def test_split_texts_are_complete(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= limit for piece in pieces)
    assert all(pieces) or not text


@pytest.mark.parametrize(
    ("text", "plain"),
    [("abc", "abc"), ("Grüße", "Gru?e"), ("e\u0301", "e"), ("日本!", "??!"), ("…", "..."), ("½", "1?2"), ("👍", "?")],
)
def test_ascii(text: str, plain: str) -> None:
    assert to_ascii(text) == plain


@given(st.text())
def test_ascii_is_ascii(text: str) -> None:
    assert to_ascii(text).isascii()


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", 0),
        (b"abc", 0),
        ("ä".encode(), 0),
        ("👍".encode(), 0),
        (b"a\xc3", 1),
        (b"a\xe2\x82", 2),
        (b"a\xf0\x9f\x91", 3),
        (b"\xf0\x9f", 2),
        # no character begins or continues like this
        (b"\x80\x80\x80\x80", 0),
        (b"\xc3\x80\x80", 0),
        (b"\xff", 0),
        (b"\xc0", 0),
        (b"\xf5", 0),
    ],
)
def test_incomplete_characters(data: bytes, count: int) -> None:
    assert unfinished(data) == count


@given(st.text(min_size=1), st.integers(1, 3))
def test_every_cut_character_is_incomplete(text: str, missing: int) -> None:
    data = text.encode()
    last = len(text[-1].encode())
    if missing < last:
        assert unfinished(data[:-missing]) == last - missing
    assert unfinished(data) == 0
