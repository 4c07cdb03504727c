"""One line of a buffer as rows of the screen: time, nick, text, wrapped under itself.

Rows of recently drawn lines are cached, so that a screen costs only its new lines.
"""

from functools import lru_cache

from greenchat.client.state.lines import CAME, WENT, Line, LineKind, PendingMessage
from greenchat.client.state.model import Buffer
from greenchat.client.text.cells import clip, clip_row, fill_row, fit, visible, whole_graphemes, width, wrap
from greenchat.client.text.style import NORMAL, Span, Style, StyledRow
from greenchat.client.text.times import clock, date
from greenchat.client.view.theme import Theme, formatted
from greenchat.protocol.formatting import strip_formatting
from greenchat.records import record, replace

NARROW = 40  # columns under which nicks are not aligned
MEDIUM = 60
MOST_REACTING = 3  # named users beside a reaction
GAPS = (
    "messages are missing here: scroll here to load them",
    "messages are missing here; the server does not have them",
)
NAMED = 8  # named users in one list; the others are counted


@record(frozen=True, slots=True)
class Columns:
    """The columns of a line: the text begins at `indent`. time, nick: widths, 0 without a column."""

    total: int
    time: int
    nick: int

    @property
    def indent(self) -> int:
        """Columns left of the text."""
        return (self.time + 1 if self.time else 0) + (self.nick + 3 if self.nick else 0)


def columns_for(total: int, theme: Theme) -> Columns:
    """Return the layout for a terminal of this width; a bare theme has no times, and names that are not aligned."""
    if total < NARROW or theme.bare:
        return Columns(total, time=0, nick=0)
    nick = min(theme.nick_columns, 8) if total < MEDIUM else min(theme.nick_columns, total // 4)
    return Columns(total, time=theme.clock_columns, nick=nick)


@record(frozen=True, slots=True)
class LineContext:
    """Everything that the rows of a line depend on besides the line.

    marked: the text that is searched for, in lower case. first_unseen: the number of the first unread line, -1 for
    none.
    """

    columns: Columns
    theme: Theme
    marked: str = ""
    first_unseen: int = -1


def block(buffer: Buffer, number: int, drawn: LineContext) -> tuple[StyledRow, ...]:
    """Return the rows of a line, with a rule above it at a new day, or before the unread lines.

    Consecutive joins and quits are drawn at the first of these lines; the others have no rows.
    """
    line = buffer.line(number)
    if line.change:
        if _continues(buffer, number):
            return ()
        run = _run(buffer, number)
        if len(run) > 1:
            line = replace(line, text=condensed(run), change="")
    rows = line_rows(line, buffer.network.fold(line.nick), drawn)
    reactions = buffer.reactions.get(line.id) if line.id else None
    if reactions:
        rows = (*rows, _under(_reactions(reactions, buffer.network.nicks.current, drawn.theme), drawn))
    if buffer.history.gaps and line.id in buffer.history.gaps:
        rows = (rule(GAPS[buffer.history.gaps[line.id]], drawn, drawn.theme.event), *rows)
    if number == drawn.first_unseen:
        rows = (rule("new", drawn, drawn.theme.unread), *rows)
    day = date(line.time)
    if number > buffer.first and day != date(buffer.line(number - 1).time):
        rows = (rule(day, drawn, drawn.theme.event), *rows)
    return rows


def condensed(run: list[Line]) -> str:
    """Return many joins and quits as one sentence: `ann, ben joined; carl left; dora came and went`."""
    changes: dict[str, list[str]] = {}
    for line in run:
        changes.setdefault(line.nick, []).append(line.change)
    kinds: dict[str, list[str]] = {}
    for nick, moves in changes.items():
        first, last = moves[0], moves[-1]
        if first == last:
            kind = "joined" if last == CAME else "left"
        else:
            kind = "came and went" if last == WENT else "left and came back"
        kinds.setdefault(kind, []).append(nick)
    return "; ".join(f"{_listed(nicks)} {kind}" for kind, nicks in kinds.items())


def _listed(nicks: list[str]) -> str:
    if len(nicks) <= NAMED:
        return ", ".join(nicks)
    return f"{', '.join(nicks[: NAMED - 1])} and {len(nicks) - NAMED + 1} others"


def _continues(buffer: Buffer, number: int) -> bool:
    """Whether this line is drawn with the one before it."""
    if number in (buffer.first, buffer.cleared):
        return False
    before = buffer.line(number - 1)
    return bool(before.change) and date(before.time) == date(buffer.line(number).time)


def _run(buffer: Buffer, number: int) -> list[Line]:
    lines = [buffer.line(number)]
    for following in range(number + 1, buffer.end):
        line = buffer.line(following)
        if not line.change or not _continues(buffer, following):
            break
        lines.append(line)
    return lines


def rule(text: str, drawn: LineContext, style: Style) -> StyledRow:
    """Return a rule across the screen with a word in it."""
    glyph = drawn.theme.glyphs.rule
    label = clip(f"{glyph * 2} {text} ", drawn.columns.total, drawn.theme.glyphs.ellipsis)
    return (Span(label + glyph * (drawn.columns.total - width(label)), style),)


@lru_cache(maxsize=512)
def line_rows(line: Line, folded_nick: str, drawn: LineContext) -> tuple[StyledRow, ...]:
    """Return the rows of a line alone."""
    theme, columns = drawn.theme, drawn.columns
    nick_style = theme.own_nick if line.own else theme.nick(folded_nick)
    nick = visible(line.nick)
    gutter_style = nick_style
    if line.kind is LineKind.SAID:
        base = theme.highlight if line.highlight else NORMAL
        gutter, gutter_style = line.prefix + nick, theme.highlight if line.highlight else nick_style
        body = _texts(line.text, base if not columns.nick else NORMAL)
    elif line.kind is LineKind.ACTION:
        gutter, gutter_style = "*", theme.highlight if line.highlight else nick_style
        first, *rest = _texts(line.text, NORMAL)
        body = [(Span(nick, nick_style), Span(" "), *first), *rest]
    elif line.kind is LineKind.NOTICE:
        gutter, gutter_style = f"-{nick}-", theme.notice
        body = _texts(line.text, theme.notice)
    elif line.kind is LineKind.EVENT:
        gutter, gutter_style = theme.glyphs.event, theme.event
        body = _texts(line.text, theme.event)
    elif line.kind is LineKind.INFO:
        gutter, gutter_style = theme.glyphs.info, theme.info
        body = _texts(line.text, theme.info)
    else:
        gutter, gutter_style = "!", theme.error
        body = _texts(line.text, theme.error)
    if line.quote:
        quote = f"{theme.glyphs.reply} {visible(line.quote)}"
        room = columns.total - (columns.indent or width(gutter) + 1)
        body = [(Span(clip(quote, max(2, room), theme.glyphs.ellipsis), theme.quote),), *body]
    return _rows(clock(line.time, theme.clock), gutter, gutter_style, body, drawn)


def _reactions(reactions: dict[str, list[str]], me: str, theme: Theme) -> StyledRow:
    """Return the row of reactions, `👍 bob, carol  🎉 5`, our own in bold."""
    spans: list[Span] = []
    for reaction, nicks in reactions.items():
        who = ", ".join(nicks) if len(nicks) <= MOST_REACTING else str(len(nicks))
        spans.append(Span(visible(strip_formatting(f"{reaction} {who}  ")), replace(theme.quote, bold=me in nicks)))
    return tuple(spans)


def _under(spans: StyledRow, drawn: LineContext) -> StyledRow:
    """Return a separate row below the text."""
    theme, columns = drawn.theme, drawn.columns
    if not columns.nick:
        return clip_row((Span(" "), *spans), columns.total)
    separator = Span(f" {theme.glyphs.separator} ", theme.separator)
    return (Span(" " * (columns.indent - 3)), separator, *clip_row(spans, columns.total - columns.indent))


def inverted(row: StyledRow, columns: int) -> StyledRow:
    """Return a row with the message cursor on it."""
    return fill_row(
        (Span(span.text, replace(span.style, reverse=not span.style.reverse)) for span in row),
        columns,
        Style(reverse=True),
    )


def waiting_rows(waiting: PendingMessage, nick: str, drawn: LineContext) -> tuple[StyledRow, ...]:
    """Return the rows of a message that the server has not confirmed yet."""
    theme = drawn.theme
    mark = theme.glyphs.waiting if waiting.label else "later"
    text = f"* {waiting.text}" if waiting.kind is LineKind.ACTION else waiting.text
    return _rows(mark, nick, theme.waiting, _texts(text, theme.waiting), drawn)


def _texts(text: str, base: Style) -> list[StyledRow]:
    """Return each line of a text; formatting ends with its line, as for clients that get the lines separately."""
    return [formatted(line, base) for line in text.split("\n")]


def _rows(
    clock_text: str, gutter: str, gutter_style: Style, body: list[StyledRow], drawn: LineContext
) -> tuple[StyledRow, ...]:
    theme, columns = drawn.theme, drawn.columns
    if drawn.marked:
        body = [_mark(text, drawn.marked) for text in body]
    separator = Span(f" {theme.glyphs.separator} ", theme.separator)
    if not columns.nick:
        first, *others = body
        hanging = _hanging((Span(gutter + " ", gutter_style), *first), columns.total)
        return (*hanging, *((Span(" "), *row) for text in others for row in wrap(text, columns.total - 1)))
    time = Span(fit(clock_text, columns.time, right=True) + " ", theme.time)
    nick = Span(fit(gutter, columns.nick, right=True), gutter_style)
    blank = Span(" " * (columns.indent - 3))
    rows = [row for text in body for row in wrap(text, columns.total - columns.indent)]
    return ((time, nick, separator, *rows[0]), *((blank, separator, *row) for row in rows[1:]))


def _mark(body: StyledRow, wanted: str) -> StyledRow:
    """Return the row with the searched text inverted."""
    text = "".join(span.text for span in body)
    lowered = text.lower()
    if wanted not in lowered or len(lowered) != len(text):
        return body  # in the second case the places would not fit; rare letters like `İ`
    inside = bytearray(len(text))
    start = lowered.find(wanted)
    while start >= 0:
        inside[start : start + len(wanted)] = b"\1" * len(wanted)
        start = lowered.find(wanted, start + len(wanted))
    marked: list[Span] = []
    position = 0
    for span in body:
        for letter in span.text:
            style = replace(span.style, reverse=not span.style.reverse) if inside[position] else span.style
            marked.append(Span(marked.pop().text + letter if marked and marked[-1].style == style else letter, style))
            position += 1
    return whole_graphemes(marked)


def _hanging(spans: StyledRow, total: int) -> tuple[StyledRow, ...]:
    """Return the rows with continuations indented by one column, so that names are visible on the left."""
    first = wrap(spans, total)[0]
    taken = sum(len(span.text) for span in first)
    rest = _drop(spans, taken)
    return (first, *((Span(" "), *row) for row in wrap(rest, total - 1))) if rest else (first,)


def _drop(spans: StyledRow, characters: int) -> StyledRow:
    rest = []
    for span in spans:
        if characters < len(span.text):
            rest.append(Span(span.text[characters:], span.style))
        characters = max(0, characters - len(span.text))
    text = "".join(span.text for span in rest)
    leading = len(text) - len(text.lstrip(" "))
    return _drop(tuple(rest), leading) if leading else tuple(rest)
