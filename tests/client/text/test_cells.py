"""Graphemes, widths, wrapping, and making control characters visible."""

import unicodedata

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.text import cells
from greenchat.client.text.cells import (
    clip,
    fill_row,
    fit,
    graphemes,
    row_width,
    split_bytes,
    visible,
    whole_graphemes,
    width,
    wrap,
)
from greenchat.client.text.style import Span, Style, StyledRow

BOLD = Style(bold=True)
words = st.text(alphabet="ab é日本👩\u200d💻🇩🇪\u0301❤\ufe0f  ", max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain", "plain"),
        ("\x1b[2J", "␛[2J"),
        ("a\tb", "a    b"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("abc\u202edef", "abc<U+202E>def"),
        ("\u2066x", "<U+2066>x"),
        ("a\u00a0b", "a b"),
        ("\ufeffa\u200b", "a"),
        ("\ud800", "\ufffd"),
        ("line\u2028break", "line<U+2028>break"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_control_characters_are_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_shown_is_a_control_character(text: str) -> None:
    allowed = {"\u200c", "\u200d"}
    for character in visible(text):
        category = unicodedata.category(character)
        tag = 0xE0020 <= ord(character) <= 0xE007F
        assert category not in ("Cc", "Cs", "Zl", "Zp"), ascii(character)
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
        assert category != "Cf" or character in allowed or tag or ord(character) > 0xFFFF or character in _ARABIC_SIGNS


_ARABIC_SIGNS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"  # these are drawn


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("日本", 4),
        ("👩\u200d💻", 2),
        ("👍🏽", 2),
        ("🇩🇪", 2),
        ("❤\ufe0f", 2),
        ("❤", 1),
    ],
)
def test_width_equals_what_a_terminal_draws(text: str, columns: int) -> None:
    assert width(text) == columns


@given(words)
def test_graphemes_joined_equal_the_text(text: str) -> None:
    assert "".join(graphemes(text)) == text


def wrapped(text: str, columns: int) -> list[str]:
    return ["".join(span.text for span in row) for row in wrap((Span(text),), columns)]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("", 5, [""]),
        ("hello", 5, ["hello"]),
        ("hello world", 5, ["hello", "world"]),
        ("hello world", 6, ["hello", "world"]),
        ("hello   world", 6, ["hello", "world"]),
        ("a bc def", 4, ["a bc", "def"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("see abcdefghij", 6, ["see", "abcdef", "ghij"]),
        ("日本語の文", 4, ["日本", "語の", "文"]),
        ("日本語の文", 5, ["日本", "語の", "文"]),
        ("ab 👩\u200d💻 cd", 5, ["ab 👩\u200d💻", "cd"]),
        ("été à la mer", 6, ["été à", "la mer"]),
        (" aa日", 3, ["", "aa", "日"]),
        ("ab cd ", 5, ["ab cd"]),
        ("été là ", 6, ["été là"]),
        ("      ", 3, [""]),
    ],
)
def test_wrapping(text: str, columns: int, rows: list[str]) -> None:
    assert wrapped(text, columns) == rows


@given(words, st.integers(2, 20))
def test_every_row_fits_and_only_spaces_are_lost(text: str, columns: int) -> None:
    rows = wrapped(text, columns)
    assert all(width(row) <= columns for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.tuples(words, st.booleans()), max_size=5), st.integers(2, 20))
def test_wrapping_keeps_the_style_of_each_character(pieces: list[tuple[str, bool]], columns: int) -> None:
    spans: StyledRow = tuple(Span(text, BOLD if bold else Style()) for text, bold in pieces)
    before = [(letter, span.style) for span in spans for letter in span.text if letter != " "]
    after = [
        (letter, span.style) for row in wrap(spans, columns) for span in row for letter in span.text if letter != " "
    ]
    assert before == after


@given(st.lists(words, max_size=6))
def test_a_change_of_style_does_not_split_a_grapheme(texts: list[str]) -> None:
    spans = [Span(text, Style(foreground=index)) for index, text in enumerate(texts)]
    whole = whole_graphemes(spans)
    assert "".join(span.text for span in whole) == "".join(texts)
    assert row_width(whole) == width("".join(texts))


@given(words, st.integers(0, 12), st.booleans())
def test_fit_is_exact(text: str, columns: int, right: bool) -> None:
    assert width(fit(text, columns, right=right)) == columns


@pytest.mark.parametrize(
    ("text", "columns", "clipped"),
    [
        ("hello", 5, "hello"),
        ("hello", 4, "hel…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("ab", 1, "a"),
        ("ab", 0, ""),
    ],
)
def test_clip(text: str, columns: int, clipped: str) -> None:
    assert clip(text, columns) == clipped


@given(st.lists(words, max_size=4), st.integers(0, 20))
def test_filled_rows_are_exact(texts: list[str], columns: int) -> None:
    assert row_width(fill_row([Span(text) for text in texts], columns)) == columns


@given(words, st.integers(16, 60))
def test_split_text_fits_and_loses_only_spaces(text: str, limit: int) -> None:
    pieces = split_bytes(text, limit)
    assert all(len(piece.encode()) <= limit for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_split_prefers_words() -> None:
    assert split_bytes("one two three four five", 16) == ["one two three", "four five"]


def test_the_fast_path_for_simple_letters_agrees_with_wcwidth() -> None:
    simple = [letter for letter in map(chr, range(0x20, 0x3000)) if cells._SIMPLE.fullmatch(letter)]
    assert len(simple) > 1000
    for letter in simple:
        assert wcwidth.wcwidth(letter) == 1, hex(ord(letter))
    for neighbours in (simple, simple[::-1], simple[::7]):
        joined = "".join(neighbours)
        assert list(wcwidth.iter_graphemes(joined)) == list(joined)


def test_letters_with_combining_marks_are_one_grapheme() -> None:
    assert graphemes("e\u0301↔\ufe0fx") == ["e\u0301", "↔\ufe0f", "x"]
    assert width("e\u0301") == 1
