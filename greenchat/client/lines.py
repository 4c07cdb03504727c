"""One line of a buffer as rows of the screen: time, nick, text, wrapped under itself.

Rows are kept for lines that were drawn lately, so that a screen costs only what is new on it.
"""

from dataclasses import dataclass
from functools import lru_cache

from greenchat.client.model import Buffer, Kind, Line, Waiting
from greenchat.client.style import NORMAL, Row, Span, Style
from greenchat.client.text import clip, fit, visible, width, wrap
from greenchat.client.theme import Theme, formatted
from greenchat.client.times import clock, date

NARROW = 40  # columns under which nicks are not aligned
MEDIUM = 60


@dataclass(frozen=True, slots=True)
class Columns:
    """How the width of the screen is used: the text begins at `indent`. nick: 0 where nicks are not aligned."""

    total: int
    time: bool
    nick: int

    @property
    def indent(self) -> int:
        """Columns left of the text."""
        return 6 * self.time + (self.nick + 3 if self.nick else 0)


def columns_for(total: int) -> Columns:
    """The layout for a terminal of this width."""
    if total < NARROW:
        return Columns(total, time=False, nick=0)
    return Columns(total, time=True, nick=8 if total < MEDIUM else 12)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the rows of a line depend on besides the line."""

    columns: Columns
    theme: Theme


def block(buffer: Buffer, number: int, drawn: Drawn, *, unread_rule: bool) -> tuple[Row, ...]:
    """The rows of a line, with the rule above it where the day changes or where the unread lines begin."""
    line = buffer.line(number)
    rows = line_rows(line, buffer.network.fold(line.nick), drawn)
    if unread_rule and number == buffer.seen and number > buffer.first:
        rows = (rule("new", drawn, drawn.theme.unread), *rows)
    day = date(line.time)
    if number > buffer.first and day != date(buffer.line(number - 1).time):
        rows = (rule(day, drawn, drawn.theme.event), *rows)
    return rows


def rule(text: str, drawn: Drawn, style: Style) -> Row:
    """A rule across the screen with a word in it."""
    glyph = drawn.theme.glyphs.rule
    label = clip(f"{glyph * 2} {text} ", drawn.columns.total, drawn.theme.glyphs.ellipsis)
    return (Span(label + glyph * (drawn.columns.total - width(label)), style),)


@lru_cache(maxsize=2048)
def line_rows(line: Line, folded_nick: str, drawn: Drawn) -> tuple[Row, ...]:
    """The rows of a line alone."""
    theme, columns = drawn.theme, drawn.columns
    nick_style = theme.own_nick if line.own else theme.nick(folded_nick)
    nick = visible(line.nick)
    gutter_style = nick_style
    if line.kind is Kind.SAID:
        base = theme.highlight if line.highlight else NORMAL
        gutter, gutter_style = line.prefix + nick, theme.highlight if line.highlight else nick_style
        body = formatted(line.text, NORMAL)
        if line.highlight and not columns.nick:
            body = formatted(line.text, base)
    elif line.kind is Kind.ACTION:
        gutter, gutter_style = "*", theme.highlight if line.highlight else nick_style
        body = (Span(nick, nick_style), Span(" "), *formatted(line.text))
    elif line.kind is Kind.NOTICE:
        gutter, gutter_style = f"-{nick}-", theme.notice
        body = formatted(line.text, theme.notice)
    elif line.kind is Kind.EVENT:
        gutter, gutter_style = theme.glyphs.event, theme.event
        body = formatted(line.text, theme.event)
    elif line.kind is Kind.INFO:
        gutter, gutter_style = theme.glyphs.info, theme.info
        body = formatted(line.text, theme.info)
    else:
        gutter, gutter_style = "!", theme.error
        body = formatted(line.text, theme.error)
    return _rows(clock(line.time), gutter, gutter_style, body, drawn)


def waiting_rows(waiting: Waiting, nick: str, drawn: Drawn) -> tuple[Row, ...]:
    """The rows of something the server has not confirmed yet."""
    theme = drawn.theme
    mark = f"{theme.glyphs.waiting:>5}" if waiting.label else "later"
    text = f"* {waiting.text}" if waiting.kind is Kind.ACTION else waiting.text
    return _rows(mark, nick, theme.waiting, formatted(text, theme.waiting), drawn)


def _rows(clock_text: str, gutter: str, gutter_style: Style, body: Row, drawn: Drawn) -> tuple[Row, ...]:
    theme, columns = drawn.theme, drawn.columns
    separator = Span(f" {theme.glyphs.separator} ", theme.separator)
    if not columns.nick:
        first = Span(gutter + " ", gutter_style)
        wrapped = wrap((first, *body), columns.total)
        # Continuations are wrapped a second time, one column in, so that names stand out on the left.
        if len(wrapped) == 1:
            return wrapped
        return _hanging((first, *body), columns.total)
    time = Span(clock_text + " ", theme.time)
    nick = Span(fit(gutter, columns.nick, right=True), gutter_style)
    blank = Span(" " * (columns.indent - 3))
    rows = wrap(body, columns.total - columns.indent)
    return ((time, nick, separator, *rows[0]), *((blank, separator, *row) for row in rows[1:]))


def _hanging(spans: Row, total: int) -> tuple[Row, ...]:
    first = wrap(spans, total)[0]
    taken = sum(len(span.text) for span in first)
    rest = _drop(spans, taken)
    return (first, *((Span(" "), *row) for row in wrap(rest, total - 1))) if rest else (first,)


def _drop(spans: Row, characters: int) -> Row:
    rest = []
    for span in spans:
        if characters < len(span.text):
            rest.append(Span(span.text[characters:], span.style))
        characters = max(0, characters - len(span.text))
    text = "".join(span.text for span in rest)
    leading = len(text) - len(text.lstrip(" "))
    return _drop(tuple(rest), leading) if leading else tuple(rest)
