"""The picture on the terminal as a function of the model, the input and the size. No curses, no state.

`layout` says where everything is.
"""

from itertools import pairwise

from greenchat.client.input.editor import Line as InputLine
from greenchat.client.state.model import Buffer, Model
from greenchat.client.text.cells import fill_row, visible
from greenchat.client.text.style import Cursor, Frame, Row, Size, Span
from greenchat.client.view.bars import Look, input_rows, status_rows, topic_row
from greenchat.client.view.layout import Layout, Pane, Panels, layout
from greenchat.client.view.panels import nick_rows, window_rows
from greenchat.client.view.scrollback import history_rows
from greenchat.records import replace


def render(model: Model, line: InputLine, size: Size, look: Look, panels: Panels = Panels(), nicks: int = 0) -> Frame:
    """Return the whole picture. nicks: how many people of the list are scrolled out above it."""
    divided = layout(model, line, size, replace(panels, hint=look.hint))
    rows, columns = divided.size
    buffer = model.current
    theme = look.theme
    middle = _windows(divided, buffer, look)
    edge = Span(theme.glyphs.separator, theme.separator)
    height = divided.height
    if divided.nicks and divided.nicks_left:
        people = nick_rows(buffer, Size(height, divided.nicks), theme, nicks)
        middle = [(*nick, edge, *row) for row, nick in zip(middle, people, strict=True)]
    if divided.windows:
        left = window_rows(model, Size(height, divided.windows), theme)
        middle = [(*window, edge, *row) for window, row in zip(left, middle, strict=True)]
    if divided.nicks and not divided.nicks_left:
        right = nick_rows(buffer, Size(height, divided.nicks), theme, nicks)
        wide = columns - divided.nicks - 1
        middle = [(*fill_row(row, wide), edge, *nick) for row, nick in zip(middle, right, strict=True)]
    written, cursor = input_rows(buffer, line, Size(divided.input, columns), look)
    top = [_topics(divided, buffer, look)] * divided.top
    status = status_rows(model, Size(divided.bottom, columns), look) if divided.bottom else []
    frame = (*top, *middle, *status, *written)
    return Frame(frame, Cursor(rows - divided.input + cursor.row, cursor.column), _title(model))


def _windows(divided: Layout, current: Buffer, look: Look) -> list[Row]:
    """Return the windows, side by side with a rule between them."""
    edge = Span(look.theme.glyphs.separator, look.theme.separator)
    rows: list[Row] = [()] * divided.height
    for number, column in enumerate(divided.columns):
        shown = _column(column, current, look, several=len(divided.panes) > 1)
        if number:
            wide = column[0].left - 1 - divided.left
            rows = [(*fill_row(row, wide), edge, *more) for row, more in zip(rows, shown, strict=True)]
        else:
            rows = shown
    return rows


def _column(panes: tuple[Pane, ...], current: Buffer, look: Look, *, several: bool) -> list[Row]:
    """Return windows above each other, each with the topic of the one below it."""
    rows: list[Row] = []
    for pane, below in pairwise((*panes, None)):
        assert pane
        marked, selected = (look.marked, look.selected) if pane.buffer is current else ("", None)
        rows += history_rows(pane.buffer, pane.area, look.theme, marked, selected)
        if below:
            rows.append(
                topic_row(below.buffer, pane.area.columns, look.theme, here=several and below.buffer is current)
            )
    return rows


def _topics(divided: Layout, current: Buffer, look: Look) -> Row:
    """Return the topics of the uppermost windows. One alone has the whole row."""
    first, *others = (column[0] for column in divided.columns)
    several = len(divided.panes) > 1
    if not others:
        return topic_row(first.buffer, divided.size.columns, look.theme, here=several and first.buffer is current)
    row: Row = (Span(" " * divided.left, look.theme.bar),)
    for pane in (first, *others):
        row = fill_row(row, pane.left, look.theme.bar)
        row += topic_row(pane.buffer, pane.area.columns, look.theme, here=pane.buffer is current)
    return fill_row(row, divided.size.columns, look.theme.bar)


def _title(model: Model) -> str:
    """Return the title bar's text: the number of mentions, and the window."""
    called = sum(buffer.unread.highlights for buffer in model.buffers)
    return (f"({called}) " if called else "") + f"{visible(model.current.name)} - greenchat"
