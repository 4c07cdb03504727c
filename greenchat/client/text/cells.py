"""Text in cells: graphemes, widths, wrapping, and sanitizing.

Widths and graphemes are wcwidth's, which counts emoji as terminals draw them; it takes 20 ms and 6 MB to import and
microseconds a line, so ASCII and other simple letters have a fast path without it, and wrapped lines are cached.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from greenchat.client.text.style import NORMAL, Span, Style, StyledRow

MOST_CODE_POINTS = 16  # in one grapheme: the longest emoji has ten; stacks of accents are expensive for terminals
TAB = "    "
_ambiguous_width = 1

# Everything that could move the cursor, start an escape sequence or turn the direction of the line: C0, DEL, C1, line
# separators, bidi and other format controls. Zero-width joiner and non-joiner, and the tag characters of flags, are
# parts of words and emoji.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xa0\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0001]"
)


# Each is always a separate grapheme, and one column wide unless the terminal draws the ambiguous ones wide: Latin,
# Greek and Cyrillic letters, punctuation, arrows, and the characters that this client draws itself.
_SIMPLE = re.compile(
    "[ -~\xa1-\xac\xae-\u02ff\u0370-\u0373\u0384\u0385\u0388-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"
    "\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u21ff\u2400-\u2426\u2500-\u257f]*"
)


def visible(text: str) -> str:
    """Return the text with control characters made visible: `␛` for ESC, `<U+202E>` for a bidi control."""
    if text.isascii() and text.isprintable():
        return text
    return _HARMFUL.sub(_show, text)


def graphemes(text: str) -> list[str]:
    """Return the text's grapheme clusters, in order."""
    if (text.isascii() and "\r\n" not in text) or _SIMPLE.fullmatch(text):
        return list(text)
    from wcwidth import iter_graphemes

    return list(iter_graphemes(text))


def width(text: str) -> int:
    """Return the text's columns. It must be printable, as `visible` leaves it."""
    if text.isascii() or (_ambiguous_width == 1 and _SIMPLE.fullmatch(text)):
        return len(text)
    return _width(text)


def draw_ambiguous(columns: int) -> None:
    """Set the columns of characters that East Asian fonts draw wide and others don't, as this terminal draws them."""
    global _ambiguous_width
    _ambiguous_width = columns
    for cached in (_width, _grapheme_width, wrap):
        cached.cache_clear()


def clip(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return the text, or as much of its beginning as fits, with an ellipsis."""
    if width(text) <= columns:
        return text
    room = columns - width(ellipsis)
    if room <= 0:
        return _take(text, columns)
    return _take(text, room) + ellipsis


def fit(text: str, columns: int, *, right: bool = False) -> str:
    """Return the text clipped or padded to exactly these columns."""
    text = clip(text, columns)
    space = " " * (columns - width(text))
    return space + text if right else text + space


def row_width(row: Iterable[Span]) -> int:
    """Return the columns that the spans take together."""
    return sum(width(span.text) for span in row)


def whole_graphemes(spans: Iterable[Span]) -> StyledRow:
    """Return the spans with no grapheme cut by a change of style: it gets the style of its beginning."""
    spans = tuple(spans)
    if len(spans) < 2 or all(span.text.isascii() for span in spans):
        return spans
    joined: list[Span] = []
    ends = []
    position = 0
    for span in spans:
        position += len(span.text)
        ends.append(position)
    position = index = 0
    for grapheme in graphemes("".join(span.text for span in spans)):
        while position >= ends[index]:
            index += 1
        style = spans[index].style
        joined.append(Span(joined.pop().text + grapheme if joined and joined[-1].style == style else grapheme, style))
        position += len(grapheme)
    return tuple(joined)


def clip_row(row: Iterable[Span], columns: int) -> StyledRow:
    """Return as many of the spans as fit, the last one clipped."""
    clipped = []
    for span in row:
        if columns <= 0:
            break
        text = _take(span.text, columns)
        columns -= width(text)
        clipped.append(Span(text, span.style))
        if len(text) < len(span.text):
            break
    return tuple(clipped)


def fill_row(row: Iterable[Span], columns: int, style: Style = NORMAL) -> StyledRow:
    """Return the spans clipped, and padded with style, to exactly these columns."""
    clipped = tuple(row)
    taken = row_width(clipped)
    if taken > columns:
        clipped = clip_row(clipped, columns)
        taken = row_width(clipped)
    return (*clipped, Span(" " * (columns - taken), style)) if taken < columns else clipped


@lru_cache(maxsize=512)
def wrap(spans: StyledRow, columns: int) -> tuple[StyledRow, ...]:
    """Wrap into rows of at most `columns` (2 or more), between words if possible, otherwise between graphemes.

    Only the spaces at a break are dropped. At least one row.
    """
    columns = max(columns, 2)
    text = "".join(span.text for span in spans)
    breaks = _breaks_of_ascii(text, columns) if text.isascii() else _breaks(text, columns)
    return tuple(_slice(spans, start, end) for start, end in breaks)


def split_bytes(text: str, limit: int, *, keep_spaces: bool = False) -> list[str]:
    """Split into pieces of at most `limit` bytes of UTF-8 (16 or more), between words if possible.

    The space at a split is dropped, or (keep_spaces) stays at the end of its piece.
    """
    pieces = []
    while len(text.encode()) > limit:
        size = 0
        end = 0
        space = 0
        for grapheme in graphemes(text):
            size += len(grapheme.encode())
            if size > limit:
                break
            end += len(grapheme)
            if grapheme == " ":
                space = end
        # A grapheme that does not fit is cut between its code points; a word break counts only if it saves most of a
        # line.
        end = end or _code_points_within(text, limit)
        if space > end // 2:
            pieces.append(text[: space if keep_spaces else space - 1])
            text = text[space:]
        else:
            pieces.append(text[:end])
            text = text[end:]
    if text or not pieces:
        pieces.append(text)
    return pieces


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\t":
        return TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in (0xA0, 0x202F, 0x205F):
        return " "
    if code in (0xAD, 0x200B, 0x2060, 0xFEFF):
        return ""
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return f"<U+{code:04X}>"


@lru_cache(maxsize=512)
def _width(text: str) -> int:
    return sum(_grapheme_width(grapheme) for grapheme in graphemes(text))


@lru_cache(maxsize=1024)
def _grapheme_width(grapheme: str) -> int:
    if _ambiguous_width == 1 and _SIMPLE.fullmatch(grapheme):
        return len(grapheme)
    from wcwidth import wcswidth

    return max(0, min(2, wcswidth(grapheme, ambiguous_width=_ambiguous_width)))


def _take(text: str, columns: int) -> str:
    if text.isascii():
        return text[:columns]
    end = 0
    for grapheme in graphemes(text):
        columns -= _grapheme_width(grapheme)
        if columns < 0:
            break
        end += len(grapheme)
    return text[:end]


def _breaks_of_ascii(text: str, columns: int) -> list[tuple[int, int]]:
    breaks = []
    start = 0
    while len(text) - start > columns:
        space = text.rfind(" ", start, start + columns + 1)
        end = space if space > start else start + columns
        breaks.append((start, _without_spaces(text, start, end)))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
    if start < len(text) or not breaks:
        breaks.append((start, len(text)))
    return breaks


def _breaks(text: str, columns: int) -> list[tuple[int, int]]:
    breaks = []
    start = position = used = 0
    after_space = -1  # the next row's beginning for a break at the last space
    for grapheme in graphemes(text):
        columns_taken = _grapheme_width(grapheme)
        while used + columns_taken > columns and position > start:
            if grapheme == " ":
                end = position
            elif after_space > start:
                end = after_space
            else:
                end = position
            breaks.append((start, _without_spaces(text, start, end)))
            start = end
            while start < position and text[start] == " ":
                start += 1
            used = _width(text[start:position])
            after_space = -1
        if grapheme == " " and position == start and breaks:
            start += 1  # the spaces at a break
            position += 1
            continue
        position += len(grapheme)
        used += columns_taken
        if grapheme == " " or columns_taken == 2:
            after_space = position  # East Asian text breaks between any two characters
    if start < len(text) or not breaks:
        breaks.append((start, len(text)))
    return breaks


def _without_spaces(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] == " ":
        end -= 1
    return end


def _slice(spans: StyledRow, start: int, end: int) -> StyledRow:
    row = []
    position = 0
    for span in spans:
        first, last = max(start - position, 0), min(end - position, len(span.text))
        if first < last:
            row.append(Span(span.text[first:last], span.style))
        position += len(span.text)
        if position >= end:
            break
    return tuple(row)


def _code_points_within(text: str, limit: int) -> int:
    return len(text.encode()[:limit].decode(errors="ignore"))
