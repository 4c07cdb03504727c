"""The rows around the history: the topic above; the status and the input line below."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from greenchat import __version__
from greenchat.client.input.editor import Line as InputLine
from greenchat.client.irc import typing
from greenchat.client.state.model import Buffer, BufferKind, LinkState, Model
from greenchat.client.text.cells import clip, fill_row, graphemes, row_width, visible, width
from greenchat.client.text.style import NORMAL, Cursor, Row, Size, Span, Style
from greenchat.client.text.times import duration
from greenchat.client.view.theme import DARK, Theme, formatted

ROOMY = 60  # columns from which the status line tells more
TIGHT = 40  # columns under which it tells only what matters
SLOW_MILLISECONDS = 500
MOST_TYPING = 2  # who are named


@dataclass(frozen=True, slots=True)
class Look:
    """What the picture depends on besides model, input and size.

    monotonic: seconds, for countdowns. now: milliseconds since the epoch. hint: one line for the user,
    shown instead of the status. prompt: what stands before the input line, "" for the window's name. marked: a text
    that is marked where it was said. selected: the number of the line that the message cursor is on.
    misspelt: where words of the input line are that are to be underlined.
    """

    theme: Theme = DARK
    monotonic: float = 0.0
    now: int = 0
    hint: str = ""
    prompt: str = ""
    marked: str = ""
    selected: int | None = None
    misspelt: tuple[tuple[int, int], ...] = ()


def topic_row(buffer: Buffer, columns: int, theme: Theme) -> Row:
    """The buffer's name and topic."""
    bar = theme.bar
    name = visible(buffer.name)
    if buffer.kind is BufferKind.STATUS:
        title: Row = (Span(f" {name} ({buffer.network.address}), greenchat {__version__}", bar),)
    elif buffer.topic:
        title = (Span(f" {name}: ", bar), *formatted(buffer.topic, bar))
    else:
        title = (Span(f" {name}", bar),)
    if row_width(title) > columns:
        glyph = theme.glyphs.ellipsis
        title = (*fill_row(title, columns - width(glyph), bar), Span(glyph, bar))
    return fill_row(title, columns, bar)


def status_row(model: Model, columns: int, look: Look) -> Row:
    """How the connection is, who and where we are, and what happened elsewhere; the most important first."""
    theme = look.theme
    bar = theme.bar
    if look.hint:
        return fill_row((Span(" " + clip(visible(look.hint), columns - 1, theme.glyphs.ellipsis), bar),), columns, bar)
    buffer = model.current
    urgent = Style(theme.error.foreground, bar.background, bold=True, reverse=bar.reverse)
    parts: list[Row] = [(Span(text, urgent),) for text in (_connection(buffer, look.monotonic), _below(buffer)) if text]
    if columns >= TIGHT:
        parts.append((Span(visible(buffer.network.nicks.current) + (" (away)" if buffer.network.away else ""), bar),))
    place = f"{model.window_number(buffer)}:{visible(buffer.name)}"
    if buffer.joined and columns >= ROOMY:
        place += f" ({len(buffer.members)})"
    parts.append((Span(place, bar),))
    activity = _activity(model, columns, theme)
    if activity:
        parts.append(activity)
    writers = typing.who(buffer, look.now)
    if writers:
        who = visible(" and ".join(writers)) if len(writers) <= MOST_TYPING else "several people"
        parts.append((Span(f"{who} {'is' if len(writers) == 1 else 'are'} typing", bar),))
    lag = buffer.network.link.lag
    if lag is not None and lag >= SLOW_MILLISECONDS:
        parts.append((Span(f"lag {lag / 1000:.1f} s", bar),))
    row: list[Span] = [Span(" ", bar)]
    for part in parts:
        if len(row) > 1:
            row.append(Span(f" {theme.glyphs.separator} ", bar))
        row += part
    return fill_row(row, columns, bar)


def input_rows(buffer: Buffer, line: InputLine, area: Size, look: Look) -> tuple[tuple[Row, ...], Cursor]:
    """The input, a row for each of its lines, cut so that the cursor is on it; and where the cursor is."""
    theme, columns = look.theme, area.columns
    name = visible(buffer.name)
    prompt = f"[{clip(name, columns // 4, theme.glyphs.ellipsis)}] " if columns >= TIGHT else "> "
    if look.prompt:
        prompt = clip(visible(look.prompt), columns // 2, theme.glyphs.ellipsis)
    texts = line.text.split("\n")
    at = line.before.count("\n")
    column = len(line.before) - (line.before.rfind("\n") + 1)
    first = max(0, min(at - area.rows // 2, len(texts) - area.rows))
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


def input_row(
    prompt: str, line: InputLine, columns: int, theme: Theme, misspelt: Iterable[tuple[int, int]] = ()
) -> tuple[Row, int]:
    """One line of input behind its prompt, cut so that the cursor is on it; and the column of the cursor."""
    room = columns - width(prompt) - 1  # the cursor stands behind the last character
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
    """Which cell the visible part begins with. It jumps by half a line, so that typing does not shift all the time."""
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
    """Those of a word, from one place of the text to another. (What is misspelt is shown as it is, with no signs.)"""
    position = 0
    for index, cell in enumerate(cells):
        if first <= position < end:
            cells[index] = Span(cell.text, theme.misspelt)
        position += len(cell.text)


def _connection(buffer: Buffer, monotonic: float) -> str:
    network = buffer.network
    waiting = sum(len(other.waiting) for other in network.buffers.values())
    kept = f", {waiting} line{'s' if waiting > 1 else ''} waiting" if waiting else ""
    if network.link.state is LinkState.ONLINE:
        return ""
    if network.link.state in (LinkState.CONNECTING, LinkState.REGISTERING):
        return f"connecting{kept}"
    if network.link.retry_at is None:
        return f"not connected{kept}"
    seconds = max(0, math.ceil(network.link.retry_at - monotonic))
    since = (
        max(0, int(monotonic - network.link.lost_at))
        if network.link.missed_since and network.link.lost_at is not None
        else None
    )
    lost = "disconnected" if since is None else f"lost {duration(since)} ago"
    return f"{lost}, next try in {seconds} s{kept}"


def _below(buffer: Buffer) -> str:
    if buffer.anchor is None:
        return ""
    more = buffer.end - 1 - buffer.anchor.line
    return f"{more} more below" if more > 0 else "more below"


def _activity(model: Model, columns: int, theme: Theme) -> Row:
    spans: list[Span] = []
    for number, buffer in enumerate(model.buffers, 1):
        if buffer is model.current or not (buffer.unread.count or buffer.unread.highlights):
            continue
        text = f"{number}:{visible(buffer.name)}({buffer.unread.count})" if columns >= ROOMY else str(number)
        style = theme.bar
        if buffer.unread.highlights:
            style = Style(theme.highlight.foreground, theme.bar.background, bold=True, reverse=theme.bar.reverse)
        if spans:
            spans.append(Span(" ", theme.bar))
        spans.append(Span(text, style))
    return tuple(spans)
