"""The history of a buffer as rows of a given area, and moving through it.

A position in the history is a line and the number of its rows below the edge, so that it stays valid with new lines and
other sizes.
"""

from greenchat.client.state.lines import Anchor
from greenchat.client.state.model import Buffer
from greenchat.client.text.cells import visible
from greenchat.client.text.style import Size, StyledRow
from greenchat.client.view.line_rows import LineContext, block, columns_for, inverted, waiting_rows
from greenchat.client.view.theme import Theme

NO_LINE = -1


def history_rows(
    buffer: Buffer, area: Size, theme: Theme, marked: str = "", selected: int | None = None
) -> list[StyledRow]:
    """Return the rows of the history, with the newest line, or the scroll position, at the bottom."""
    drawn = _drawn(buffer, area, theme, marked.lower())
    shown = _shown(buffer, area.rows, drawn)
    return [inverted(row, area.columns) if number == selected else row for number, row in shown]


def lines_shown(buffer: Buffer, area: Size, theme: Theme) -> list[int]:
    """Return each row's line number, or NO_LINE."""
    drawn = _drawn(buffer, area, theme)
    return [number for number, _ in _shown(buffer, area.rows, drawn)]


def _drawn(buffer: Buffer, area: Size, theme: Theme, marked: str = "") -> LineContext:
    first_unseen = (
        buffer.first_unseen if buffer.unread.seen > buffer.first else NO_LINE
    )  # if nothing was seen, everything is new
    return LineContext(columns_for(area.columns, theme), theme, marked, first_unseen)


def _shown(buffer: Buffer, height: int, drawn: LineContext) -> list[tuple[int, StyledRow]]:
    rows: list[tuple[int, StyledRow]] = []
    oldest = buffer.first
    if buffer.anchor is None:
        oldest = max(oldest, buffer.cleared)
        number, hidden = buffer.end - 1, 0
        for waiting in reversed(buffer.waiting):
            if len(rows) >= height:
                break
            rows[:0] = [(NO_LINE, row) for row in waiting_rows(waiting, visible(buffer.network.nicks.current), drawn)]
    else:
        number, hidden = _valid(buffer, buffer.anchor, drawn)
    while number >= oldest and len(rows) < height:
        block_rows = block(buffer, number, drawn)
        rows[:0] = [(number, row) for row in block_rows[: len(block_rows) - hidden]]
        hidden = 0
        number -= 1
    rows = rows[-height:] if height else []
    return [(NO_LINE, ())] * (height - len(rows)) + rows


def scrolled(buffer: Buffer, area: Size, theme: Theme, rows: int) -> Anchor | None:
    """Return the new end of the history after scrolling by rows, up if positive. None: following the newest line."""
    drawn = _drawn(buffer, area, theme)
    if not buffer.lines:
        return None
    if buffer.anchor is None:
        number, hidden = buffer.end - 1, 0
    else:
        number, hidden = _valid(buffer, buffer.anchor, drawn)
    top = _top(buffer, area.rows, drawn)
    hidden += rows
    while hidden < 0:
        if number + 1 >= buffer.end:
            return None
        number += 1
        hidden += len(block(buffer, number, drawn))
    while hidden and number >= buffer.first and hidden >= len(block(buffer, number, drawn)):
        hidden -= len(block(buffer, number, drawn))
        number -= 1
        if (number, -hidden) < (top.line, -top.hidden):
            break
    if (number, -hidden) < (top.line, -top.hidden):
        number, hidden = top.line, top.hidden
    if hidden == 0:
        while number < buffer.end - 1 and not block(buffer, number + 1, drawn):
            number += 1
        if number >= buffer.end - 1:
            return None
    return Anchor(number, hidden)


def at_start(buffer: Buffer, area: Size, theme: Theme) -> Anchor | None:
    """Return the anchor that shows the oldest line in the first row."""
    top = _top(buffer, area.rows, _drawn(buffer, area, theme))
    return None if top.line >= buffer.end - 1 and top.hidden == 0 else top


def _top(buffer: Buffer, height: int, drawn: LineContext) -> Anchor:
    """Return the place from which the oldest line is the first row."""
    number = buffer.first
    missing = height
    while number < buffer.end:
        missing -= len(block(buffer, number, drawn))
        if missing <= 0:
            return Anchor(number, -missing)
        number += 1
    return Anchor(buffer.end - 1, 0)


def _valid(buffer: Buffer, anchor: Anchor, drawn: LineContext) -> tuple[int, int]:
    """Return the anchor's present position: lines may have been dropped, or merged with previous ones."""
    if not buffer.lines:
        return buffer.end - 1, 0
    number = min(max(anchor.line, buffer.first), buffer.end - 1)
    while not (rows := block(buffer, number, drawn)):
        number -= 1
    return number, min(anchor.hidden, len(rows) - 1)
