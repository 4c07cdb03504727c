"""The frame as a function of the model, the input and the size. No curses, no state.

`layout` has the positions.
"""

from itertools import pairwise

from greenchat.client.input.editor import InputLine
from greenchat.client.state.model import Buffer, Model
from greenchat.client.text.cells import fill_row, visible
from greenchat.client.text.style import Cursor, Frame, Size, Span, StyledRow
from greenchat.client.view.bars import FrameContext, input_rows, status_rows, topic_row
from greenchat.client.view.layout import Layout, Pane, Panels, layout
from greenchat.client.view.panels import nick_rows, window_rows
from greenchat.client.view.scrollback import history_rows
from greenchat.records import replace


def render(
    model: Model, line: InputLine, size: Size, look: FrameContext, panels: Panels = Panels(), nicks: int = 0
) -> Frame:
    """Return the frame. nicks: members scrolled out above the list."""
    divided = layout(model, line, size, replace(panels, hint=look.hint))
    columns = divided.size.columns
    buffer = model.current
    theme = look.theme
    look = replace(look, several=len(model.networks) > 1)
    if look.picture:
        from greenchat.client.view.pictures import picture_placed, picture_rows  # late: rarely needed

        area = Size(divided.height, columns)
        shown = _with_input(model, line, look, divided, picture_rows(look.picture, area))
        return replace(shown, placed=picture_placed(look.picture, area, divided.top))
    middle = _windows(divided, buffer, look)
    edge = Span(theme.glyphs.separator, theme.separator)
    height = divided.height
    if divided.nicks:
        people = nick_rows(buffer, Size(height, divided.nicks), theme, nicks)
        if divided.nicks_left:
            middle = [(*nick, edge, *row) for row, nick in zip(middle, people, strict=True)]
        else:
            wide = divided.first_of_nicks - 1 - divided.left
            middle = [(*fill_row(row, wide), edge, *nick) for row, nick in zip(middle, people, strict=True)]
    if divided.windows:
        listed = window_rows(model, Size(height, divided.windows), theme)
        if divided.windows_right:
            wide = divided.first_of_windows - 1
            middle = [(*fill_row(row, wide), edge, *window) for window, row in zip(listed, middle, strict=True)]
        else:
            middle = [(*window, edge, *row) for window, row in zip(listed, middle, strict=True)]
    return _with_input(model, line, look, divided, middle)


def _with_input(model: Model, line: InputLine, look: FrameContext, divided: Layout, middle: list[StyledRow]) -> Frame:
    """Return the frame: the middle with the rows above and below it."""
    rows, columns = divided.size
    written, cursor = input_rows(model.current, line, Size(divided.input, columns), look)
    top = [_topics(divided, model.current, look)] * divided.top
    status = status_rows(model, Size(divided.bottom, columns), look) if divided.bottom else []
    frame = (*top, *middle, *status, *written)
    return Frame(frame, Cursor(rows - divided.input + cursor.row, cursor.column), _title(model))


def _windows(divided: Layout, current: Buffer, look: FrameContext) -> list[StyledRow]:
    """Return the windows, side by side with a rule between them."""
    edge = Span(look.theme.glyphs.separator, look.theme.separator)
    rows: list[StyledRow] = [()] * divided.height
    for number, column in enumerate(divided.columns):
        shown = _column(column, current, look, several=len(divided.panes) > 1)
        if number:
            wide = column[0].left - 1 - divided.left
            rows = [(*fill_row(row, wide), edge, *more) for row, more in zip(rows, shown, strict=True)]
        else:
            rows = shown
    return rows


def _column(panes: tuple[Pane, ...], current: Buffer, look: FrameContext, *, several: bool) -> list[StyledRow]:
    """Return windows above each other, each with the topic of the one below it."""
    rows: list[StyledRow] = []
    for pane, below in pairwise((*panes, None)):
        assert pane
        marked, selected = (look.marked, look.selected) if pane.buffer is current else ("", None)
        rows += history_rows(pane.buffer, pane.area, look.theme, marked, selected)
        if below:
            rows.append(topic_row(below.buffer, pane.area.columns, look, is_active=several and below.buffer is current))
    return rows


def _topics(divided: Layout, current: Buffer, look: FrameContext) -> StyledRow:
    """Return the row with the topics of the uppermost windows."""
    first, *others = (column[0] for column in divided.columns)
    several = len(divided.panes) > 1
    if not others:
        return topic_row(first.buffer, divided.size.columns, look, is_active=several and first.buffer is current)
    row: StyledRow = (Span(" " * divided.left, look.theme.bar),)
    for pane in (first, *others):
        row = fill_row(row, pane.left, look.theme.bar)
        row += topic_row(pane.buffer, pane.area.columns, look, is_active=pane.buffer is current)
    return fill_row(row, divided.size.columns, look.theme.bar)


def _title(model: Model) -> str:
    """Return the title bar's text: the number of mentions, and the window."""
    called = sum(buffer.unread.highlights for buffer in model.buffers)
    return (f"({called}) " if called else "") + f"{visible(model.current.name)} - greenchat"
