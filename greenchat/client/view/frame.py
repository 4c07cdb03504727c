"""The picture on the terminal as a function of the model, the input and the size. No curses, no state.

From top to bottom: the topic; the history, between the list of windows and the list of people where there is room for
them; the status; the input. Where the screen is split, other windows stand above, each under its topic.
"""

from itertools import pairwise

from greenchat.client.input.editor import Line as InputLine
from greenchat.client.state.model import Buffer, BufferKind, Model
from greenchat.client.text.cells import fill_row, visible
from greenchat.client.text.style import Cursor, Frame, Row, Size, Span
from greenchat.client.view.bars import Look, hint_rows, input_rows, status_rows, topic_row
from greenchat.client.view.panels import nick_rows, window_rows
from greenchat.client.view.scrollback import history_rows
from greenchat.client.view.theme import DARK
from greenchat.records import record, replace

SMALLEST = Size(3, 8)
WINDOWS_FROM = 120  # columns from which the list of windows shows by itself
NICKS_FROM = 90
WINDOWS_COLUMNS = 18
NICKS_COLUMNS = 16
TOPIC_FROM = 5  # rows from which the topic is worth one of them
STATUS_FROM = 4
LEAST_HISTORY = 24  # columns that panels leave to the history, also where they are asked for
MOST_INPUT_ROWS = 8
LEAST_SPLIT = Size(5, 40)  # of each window, with its topic; where there is less only the current one is shown


@record(frozen=True, slots=True)
class Panels:
    """The panels that the user wants: True, False, or None to show them where there is room.

    splits: other windows, too? topic, status: these bars? hint: what is shown in the place of the status, "" for
    nothing: it has to be seen, in as many rows as it takes. windows_columns, nicks_columns: how wide they are, and
    nicks_left: the list of people stands on the left, behind the windows.
    """

    windows: bool | None = None
    nicks: bool | None = None
    splits: bool = True
    topic: bool = True
    status: bool = True
    hint: str = ""
    windows_columns: int = WINDOWS_COLUMNS
    nicks_columns: int = NICKS_COLUMNS
    nicks_left: bool = False


@record(frozen=True, slots=True)
class Layout:
    """The division of the terminal. windows, nicks: columns of the panels, 0 where hidden. input: rows.

    above: the other windows that are shown, from the top. each: the rows of each of them, with its topic. top, bottom:
    rows of the bar with the topic and of the status line, 0 where hidden.
    """

    size: Size
    windows: int
    nicks: int
    input: int
    above: tuple[Buffer, ...] = ()
    each: int = 0
    top: int = 1
    bottom: int = 1
    nicks_left: bool = False

    @property
    def first_of_nicks(self) -> int:
        """The column with which the list of people begins."""
        left = self.windows + 1 if self.windows else 0
        return left if self.nicks_left else self.size.columns - self.nicks

    @property
    def height(self) -> int:
        """The rows between the first topic and the status."""
        return max(0, self.size.rows - self.top - self.bottom - self.input)

    @property
    def history(self) -> Size:
        """The area of the current window's history. A panel is set off by a column of its own."""
        panels = sum(columns + 1 for columns in (self.windows, self.nicks) if columns)
        return Size(self.height - self.each * len(self.above), self.size.columns - panels)


def layout(model: Model, line: InputLine, size: Size, panels: Panels) -> Layout:
    """Divide the terminal."""
    size = Size(max(size.rows, SMALLEST.rows), max(size.columns, SMALLEST.columns))
    windows = panels.windows_columns if _shown(panels.windows, size.columns >= WINDOWS_FROM) else 0
    people = model.current.kind is BufferKind.CHANNEL
    nicks = panels.nicks_columns if people and _shown(panels.nicks, size.columns >= NICKS_FROM) else 0
    if size.columns - windows - nicks - 2 < LEAST_HISTORY:
        windows = nicks = 0
    most = max(1, min(MOST_INPUT_ROWS, size.rows // 3))
    rows = min(most, line.text.count("\n") + 1)
    top = panels.topic and size.rows >= TOPIC_FROM
    bottom = int(panels.status and size.rows >= STATUS_FROM)
    if panels.hint:
        bottom = len(hint_rows(panels.hint, size.columns, max(1, size.rows // 3), DARK))
    divided = Layout(size, windows, nicks, rows, top=int(top), bottom=bottom, nicks_left=panels.nicks_left)
    above = tuple(model.others_shown) if panels.splits else ()
    each = divided.height // (len(above) + 1)
    room = each >= LEAST_SPLIT.rows and divided.history.columns >= LEAST_SPLIT.columns
    return replace(divided, above=above, each=each) if above and room else divided


def render(model: Model, line: InputLine, size: Size, look: Look, panels: Panels = Panels()) -> Frame:
    """Return the whole picture."""
    divided = layout(model, line, size, replace(panels, hint=look.hint))
    rows, columns = divided.size
    buffer = model.current
    theme = look.theme
    middle = _above(divided, buffer, look)
    middle += history_rows(buffer, divided.history, theme, look.marked, look.selected)
    edge = Span(theme.glyphs.separator, theme.separator)
    height = divided.height
    if divided.nicks and divided.nicks_left:
        people = nick_rows(buffer, Size(height, divided.nicks), theme)
        middle = [(*nick, edge, *row) for row, nick in zip(middle, people, strict=True)]
    if divided.windows:
        left = window_rows(model, Size(height, divided.windows), theme)
        middle = [(*window, edge, *row) for window, row in zip(left, middle, strict=True)]
    if divided.nicks and not divided.nicks_left:
        right = nick_rows(buffer, Size(height, divided.nicks), theme)
        wide = columns - divided.nicks - 1
        middle = [(*fill_row(row, wide), edge, *nick) for row, nick in zip(middle, right, strict=True)]
    written, cursor = input_rows(buffer, line, Size(divided.input, columns), look)
    top = [topic_row((*divided.above, buffer)[0], columns, theme)] * divided.top
    status = status_rows(model, Size(divided.bottom, columns), look) if divided.bottom else []
    frame = (*top, *middle, *status, *written)
    return Frame(frame, Cursor(rows - divided.input + cursor.row, cursor.column), _title(model))


def _above(divided: Layout, current: Buffer, look: Look) -> list[Row]:
    """Return the other windows' histories, each with the topic of the window below it."""
    rows: list[Row] = []
    columns = divided.history.columns
    area = Size(divided.each - 1, columns)
    for buffer, below in pairwise((*divided.above, current)):
        rows += history_rows(buffer, area, look.theme)
        rows.append(topic_row(below, columns, look.theme))
    return rows


def _title(model: Model) -> str:
    """Return the title bar's text: the number of mentions, and the window."""
    called = sum(buffer.unread.highlights for buffer in model.buffers)
    return (f"({called}) " if called else "") + f"{visible(model.current.name)} - greenchat"


def _shown(wanted: bool | None, room: bool) -> bool:
    return room if wanted is None else wanted
