"""The rows around the history: the topic above; the status and the input line below."""

import math
from collections.abc import Iterable
from itertools import accumulate

from greenchat import __version__
from greenchat.client.input.editor import InputLine
from greenchat.client.irc import typing
from greenchat.client.state.model import Buffer, BufferKind, LinkState, Model
from greenchat.client.state.transfers import Picture
from greenchat.client.text.cells import clip, clip_row, fill_row, graphemes, row_width, visible, width, wrap
from greenchat.client.text.style import NORMAL, Cursor, Size, Span, Style, StyledRow
from greenchat.client.text.times import duration
from greenchat.client.view.theme import DARK, Theme, formatted
from greenchat.records import record, replace

ROOMY = 60  # columns from which the status line shows more
TIGHT = 40  # columns below which it shows only the most important
SLOW_MILLISECONDS = 500
MOST_TYPING = 2  # named typing users


@record(frozen=True, slots=True)
class FrameContext:
    """Everything that a frame depends on besides model, input and size.

    monotonic: seconds, for countdowns. now: milliseconds since the epoch. hint: one line for the user,
    shown instead of the status. prompt: before the input line, "" for the window's name. marked: a text to highlight in
    messages. selected: the number of the message cursor's line. misspelt: positions of words to underline in the input
    line. picture: shown in place of the messages. several: whether there are several networks, so that windows are
    named with theirs.
    """

    theme: Theme = DARK
    monotonic: float = 0.0
    now: int = 0
    hint: str = ""
    prompt: str = ""
    marked: str = ""
    selected: int | None = None
    misspelt: tuple[tuple[int, int], ...] = ()
    picture: Picture | None = None
    several: bool = False


def topic_row(buffer: Buffer, columns: int, look: FrameContext, *, is_active: bool = False) -> StyledRow:
    """Return the buffer's name and topic. here: of several windows, the user is in this one."""
    theme = look.theme
    bar = theme.bar
    name = visible(f"{buffer.name} on {buffer.network.name}" if look.several else buffer.name)
    named = replace(bar, bold=True) if is_active else bar
    if buffer.kind is BufferKind.STATUS:
        title: StyledRow = (
            Span(f" {visible(buffer.name)} ({buffer.network.address}), greenchat {__version__}", named),
        )
    elif buffer.topic:
        title = (Span(f" {name}: ", named), *formatted(buffer.topic, bar))
    else:
        title = (Span(f" {name}", named),)
    if row_width(title) > columns:
        glyph = theme.glyphs.ellipsis
        title = (*fill_row(title, columns - width(glyph), bar), Span(glyph, bar))
    return fill_row(title, columns, bar)


def hint_rows(hint: str, columns: int, most: int, theme: Theme) -> list[StyledRow]:
    """Return a hint or question in as many rows as needed; beyond the limit F1 shows the rest."""
    rows = wrap((Span(visible(hint), theme.bar),), max(2, columns - 1))
    if len(rows) > max(1, most):
        rest = f"{theme.glyphs.ellipsis} F1"
        shown = rows[: max(1, most)]
        last = "".join(span.text for span in shown[-1])
        rows = (*shown[:-1], (Span(clip(last, columns - 1 - width(rest), "") + rest, theme.bar),))
    return [fill_row((Span(" ", theme.bar), *row), columns, theme.bar) for row in rows]


def status_rows(model: Model, area: Size, look: FrameContext) -> list[StyledRow]:
    """Return the hint, if there is one, in at most the rows of the area, or else the status in one row."""
    if look.hint:
        return hint_rows(look.hint, area.columns, area.rows, look.theme)
    return [status_row(model, area.columns, look)]


@record(frozen=True, slots=True)
class StatusPart:
    """A part of the status line. window: shown by a click on it, or None."""

    row: StyledRow
    window: Buffer | None = None


def status_row(model: Model, columns: int, look: FrameContext) -> StyledRow:
    """Return the status line: connection, user, window, activity elsewhere, and who is typing."""
    bar = look.theme.bar
    row: StyledRow = (Span(" ", bar), *(span for part in status_parts(model, columns, look) for span in part.row))
    if row_width(row) > columns:
        ellipsis = look.theme.glyphs.ellipsis
        row = (*clip_row(row, columns - width(ellipsis)), Span(ellipsis, bar))
    return fill_row(row, columns, bar)


def window_in_status(model: Model, columns: int, look: FrameContext, column: int) -> Buffer | None:
    """Return the window that is named at a column of the status line, None for none."""
    end = 1
    for part in status_parts(model, columns, look):
        end += row_width(part.row)
        if column < end:
            return part.window if column else None
    return None


def status_parts(model: Model, columns: int, look: FrameContext) -> list[StatusPart]:
    """Return the parts of the status line, with separators.

    Activity of other windows gets the remaining room: highlights first, then private chats, then the other windows, and
    a count of those that do not fit (`+3`; Alt-A goes to each in turn).
    """
    theme = look.theme
    bar = theme.bar
    buffer = model.current
    urgent = Style(theme.error.foreground, bar.background, bold=True, reverse=bar.reverse)
    before: list[Span] = [Span(text, urgent) for text in (_connection(buffer, look.monotonic), _below(buffer)) if text]
    if columns >= TIGHT:
        nick = visible(buffer.network.nicks.current)
        nick = clip(nick, max(4, columns // 4), theme.glyphs.ellipsis)
        before.append(Span(nick + " (away)" * buffer.network.away, bar))
    count = f" ({len(buffer.members)})" if buffer.joined and columns >= ROOMY else ""
    name = clip(visible(buffer.name), max(4, columns // 3), theme.glyphs.ellipsis)
    before.append(Span(f"{buffer.number}:{name}{count}", bar))
    behind = [Span(text, bar) for text in (_typing(buffer, look.now), _lag(buffer)) if text]
    between = Span(f" {theme.glyphs.separator} ", bar)
    gap = width(between.text)
    used = 1 + sum(width(span.text) + gap for span in (*before, *behind))
    calling = [each for each in model.buffers if each.unread.is_important and each is not buffer]
    least = width(f"+{len(calling)}") if calling else -gap
    while used + least > columns and len(before) + len(behind) > 1:
        # On a narrow terminal the least important parts are left out completely: the others are not cut.
        dropped = behind.pop() if behind else before.pop()
        used -= width(dropped.text) + gap
    activity = _activity(calling, columns - used, theme, named=columns >= ROOMY)
    groups = [*([StatusPart((span,))] for span in before), activity, *([StatusPart((span,))] for span in behind)]
    parts: list[StatusPart] = []
    for group in filter(None, groups):
        parts += [*[StatusPart((between,))] * bool(parts), *group]
    return parts


def input_rows(buffer: Buffer, line: InputLine, area: Size, look: FrameContext) -> tuple[tuple[StyledRow, ...], Cursor]:
    """Return the input, a row for each line, cut to contain the cursor, and the position of the cursor."""
    theme, columns = look.theme, area.columns
    prompt = _prompt(buffer, columns, look)
    texts = line.text.split("\n")
    at, column = _place(line)
    first = _first_row(line, area.rows)
    rows = []
    cursor = Cursor(0, 0)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    for number, text in enumerate(texts[first : first + area.rows], first):
        head = prompt if number == first else " " * width(prompt)
        start = starts[number]
        misspelt = [(first - start, end - start) for first, end in look.misspelt]
        row, place = input_row(head, InputLine(text, column if number == at else 0), columns, theme, misspelt)
        rows.append(row)
        if number == at:
            cursor = Cursor(number - first, place)
    return tuple(rows), cursor


def input_place(buffer: Buffer, line: InputLine, area: Size, look: FrameContext, clicked: Cursor) -> int:
    """Return the place in the text of the input that is drawn at a cell, or nearest to it. clicked: within the area."""
    at, column = _place(line)
    texts = line.text.split("\n")
    number = min(_first_row(line, area.rows) + clicked.row, len(texts) - 1)
    prompt = width(_prompt(buffer, area.columns, look))
    letters = graphemes(texts[number])
    widths = [width(visible(letter)) for letter in letters]
    cursor = len(graphemes(texts[number][: column if number == at else 0]))
    shown = _first_shown(widths, cursor, area.columns - prompt - 1)
    left = clicked.column - prompt
    while shown < len(letters) and left >= widths[shown]:
        left -= widths[shown]
        shown += 1
    return sum(len(text) + 1 for text in texts[:number]) + sum(map(len, letters[:shown]))


def _place(line: InputLine) -> tuple[int, int]:
    """Return on which of the text's lines the cursor is, and before which of its characters."""
    return line.before.count("\n"), len(line.before) - (line.before.rfind("\n") + 1)


def _first_row(line: InputLine, rows: int) -> int:
    """Return the first visible line of the input in so many rows."""
    return max(0, min(_place(line)[0] - rows // 2, line.text.count("\n") + 1 - rows))


def _prompt(buffer: Buffer, columns: int, look: FrameContext) -> str:
    """Return the prompt before the input line."""
    ellipsis = look.theme.glyphs.ellipsis
    if look.prompt:
        return clip(visible(look.prompt), prompt_room(columns), ellipsis)
    return f"[{clip(visible(buffer.name), columns // 4, ellipsis)}] " if columns >= TIGHT else "> "


def prompt_room(columns: int) -> int:
    """Return the maximum columns of a prompt in the input line. A longer one is in the hint, too."""
    return columns // 2


def input_row(
    prompt: str, line: InputLine, columns: int, theme: Theme, misspelt: Iterable[tuple[int, int]] = ()
) -> tuple[StyledRow, int]:
    """Return the input row, cut so that the cursor is on it, and the cursor's column."""
    room = columns - width(prompt) - 1  # for the cursor after the last character
    cells = [_cell(grapheme, theme) for grapheme in graphemes(line.text)]
    for first, end in misspelt:
        _underline(cells, first, end, theme)
    cursor = len(graphemes(line.before))
    first = _first_shown([width(cell.text) for cell in cells], cursor, room)
    shown: list[Span] = []
    used = 0
    for cell in cells[first:]:
        used += width(cell.text)
        if used > room + 1:
            break
        if shown and shown[-1].style == cell.style:
            cell = Span(shown.pop().text + cell.text, cell.style)
        shown.append(cell)
    column = width(prompt) + sum(width(cell.text) for cell in cells[first:cursor])
    return (Span(prompt, theme.prompt), *shown), column


def _first_shown(widths: list[int], cursor: int, room: int) -> int:
    """Return the first visible cell. It moves by half a line, so that typing does not shift the text all the time."""
    if sum(widths[:cursor]) <= room:
        return 0
    step = max(room // 2, 1)
    hidden = math.ceil((sum(widths[:cursor]) - room) / step) * step
    first = 0
    while hidden > 0 and first < cursor:
        hidden -= widths[first]
        first += 1
    return first


def _cell(grapheme: str, theme: Theme) -> Span:
    shown = visible(grapheme)
    return Span(shown, NORMAL if shown == grapheme else theme.control)


def _underline(cells: list[Span], first: int, end: int, theme: Theme) -> None:
    """Style the cells of a misspelt word, from one position of the text to another."""
    position = 0
    for index, cell in enumerate(cells):
        if first <= position < end:
            cells[index] = Span(cell.text, theme.misspelt)
        position += len(cell.text)


def _connection(buffer: Buffer, monotonic: float) -> str:
    network = buffer.network
    if network.link.state is LinkState.ONLINE:
        return ""
    waiting = sum(len(other.waiting) for other in network.buffers.values())
    waiting_lines = f", {waiting} line{'s' if waiting > 1 else ''} waiting" if waiting else ""
    if network.link.state in (LinkState.CONNECTING, LinkState.REGISTERING):
        return f"connecting{waiting_lines}"
    if network.link.retry_at is None:
        return f"not connected{waiting_lines}"
    seconds = max(0, math.ceil(network.link.retry_at - monotonic))
    since = (
        max(0, int(monotonic - network.link.lost_at))
        if network.link.missed_since and network.link.lost_at is not None
        else None
    )
    lost = "disconnected" if since is None else f"lost {duration(since)} ago"
    return f"{lost}, next try in {seconds} s{waiting_lines}"


def _below(buffer: Buffer) -> str:
    if buffer.anchor is None:
        return ""
    more = buffer.end - 1 - buffer.anchor.line
    return f"{more} more below" if more > 0 else "more below"


def _rank(buffer: Buffer) -> int:
    """Return the sort key of activity: mentions, then private conversations, then the rest."""
    if buffer.kind is BufferKind.PRIVATE:
        return 1
    return 0 if buffer.unread.highlights else 2


def _typing(buffer: Buffer, now: int) -> str:
    writers = typing.who(buffer, now)
    if not writers:
        return ""
    who = visible(" and ".join(writers)) if len(writers) <= MOST_TYPING else "several people"
    return f"{who} {'is' if len(writers) == 1 else 'are'} typing"


def _lag(buffer: Buffer) -> str:
    lag = buffer.network.link.lag
    return f"lag {lag / 1000:.1f} s" if lag is not None and lag >= SLOW_MILLISECONDS else ""


def _activity(others: list[Buffer], room: int, theme: Theme, *, named: bool) -> list[StatusPart]:
    """Return windows with activity, in so many columns: highlights, private chats, the others; then a count.

    named: whether to show names and counts, or only numbers.
    """
    others.sort(key=_rank)  # stable: by number within a rank
    calling = Style(theme.highlight.foreground, theme.bar.background, bold=True, reverse=theme.bar.reverse)
    space = StatusPart((Span(" ", theme.bar),))
    parts: list[StatusPart] = []
    left = len(others)
    used = 0
    for buffer in others:
        count = f"({buffer.unread.count})" if buffer.unread.count else ""  # events do not count
        text = f"{buffer.number}:{visible(buffer.name)}{count}" if named else str(buffer.number)
        needed = width(text) + bool(parts)
        rest = width(f" +{left - 1}") if left > 1 else 0
        if used + needed + rest > room:
            break
        style = calling if buffer.unread.highlights else theme.bar
        parts += [*[space] * bool(parts), StatusPart((Span(text, style),), buffer)]
        used += needed
        left -= 1
    count = f"{' ' * bool(parts)}+{left}"
    if left and used + width(count) <= room:
        calls = any(each.unread.highlights for each in others[len(others) - left :])
        parts.append(StatusPart((Span(count, calling if calls else theme.bar),)))
    return parts
