"""The layout of the terminal: the areas of windows, panels and bars.

From top to bottom: the topic; the windows, with the list of windows on the outer side and the list of members on the
other, if there is room; the status; the input. Split windows are in columns, each under its topic.
"""

from collections.abc import Iterator, Sequence

from greenchat.client.input.editor import InputLine
from greenchat.client.state.model import Buffer, BufferKind, Model
from greenchat.client.text.style import Size
from greenchat.client.view.bars import hint_rows
from greenchat.client.view.theme import DARK
from greenchat.records import record, replace

SMALLEST = Size(3, 8)
WINDOWS_FROM = 120  # columns from which the list of windows is shown automatically
NICKS_FROM = 90
WINDOWS_COLUMNS = 18
NICKS_COLUMNS = 16
TOPIC_FROM = 5  # rows from which the topic is shown
STATUS_FROM = 4
LEAST_HISTORY = 24  # columns that panels leave to the history, even if requested
MOST_INPUT_ROWS = 8
LEAST_SPLIT = Size(5, 40)  # of each window, with its topic; with less only the current one is shown
LEAST_COLUMN = 36  # columns of each window beside others


@record(frozen=True, slots=True)
class Panels:
    """The wanted panels: True, False, or None to show them if there is room.

    splits: whether to show split windows. topic, status: whether to show these bars. hint: shown in place of the
    status, in as many rows as needed; "" for none. windows_columns, nicks_columns: widths of the lists. windows_right,
    nicks_left: whether they are on the other side.
    """

    windows: bool | None = None
    nicks: bool | None = None
    splits: bool = True
    topic: bool = True
    status: bool = True
    hint: str = ""
    windows_columns: int = WINDOWS_COLUMNS
    nicks_columns: int = NICKS_COLUMNS
    windows_right: bool = False
    nicks_left: bool = False


@record(frozen=True, slots=True)
class Pane:
    """A window's place on the screen. top, left: of its first row of messages, from 0. area: of its messages. titled:
    whether its topic is in the row above.
    """

    buffer: Buffer
    top: int
    left: int
    area: Size
    titled: bool

    def has(self, row: int, column: int) -> bool:
        """Whether a cell belongs to this window, including its topic and the rule to its right."""
        inside = self.left <= column <= self.left + self.area.columns
        return inside and self.top - self.titled <= row < self.top + self.area.rows


@record(frozen=True, slots=True)
class Layout:
    """The layout. windows, nicks: columns of the panels, 0 if hidden. input: rows. top, bottom: rows of the topic bar
    and the status line, 0 if hidden. columns: of windows, from the left, each from the top.
    """

    size: Size
    windows: int
    nicks: int
    input: int
    top: int = 1
    bottom: int = 1
    windows_right: bool = False
    nicks_left: bool = False
    columns: tuple[tuple[Pane, ...], ...] = ()

    @property
    def first_of_windows(self) -> int:
        """The column with which the list of windows begins."""
        return self.size.columns - self.windows if self.windows_right else 0

    @property
    def first_of_nicks(self) -> int:
        """Return the first column of the list of members."""
        beside = self.windows + 1 if self.windows and self.windows_right is not self.nicks_left else 0
        return beside if self.nicks_left else self.size.columns - beside - self.nicks

    @property
    def left(self) -> int:
        """The first column of the windows."""
        before = (0 if self.windows_right else self.windows, self.nicks if self.nicks_left else 0)
        return sum(columns + 1 for columns in before if columns)

    @property
    def height(self) -> int:
        """The rows between the first topic and the status."""
        return max(0, self.size.rows - self.top - self.bottom - self.input)

    @property
    def area(self) -> Size:
        """Return the area of all windows. A panel is separated by a column."""
        panels = sum(columns + 1 for columns in (self.windows, self.nicks) if columns)
        return Size(self.height, self.size.columns - panels)

    @property
    def panes(self) -> list[Pane]:
        """All windows that are shown."""
        return [pane for column in self.columns for pane in column]

    def pane(self, buffer: Buffer) -> Pane:
        """Return the place of a window that is shown."""
        return next(pane for pane in self.panes if pane.buffer is buffer)

    def window_at(self, row: int, column: int) -> Buffer | None:
        """Return the window that a cell belongs to, None for the bars and the input."""
        return next((pane.buffer for pane in self.panes if pane.has(row, column)), None)


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
    divided = Layout(
        size,
        windows,
        nicks,
        rows,
        top=int(top),
        bottom=bottom,
        windows_right=panels.windows_right,
        nicks_left=panels.nicks_left,
    )
    for columns in _wanted(model, splits=panels.splits):
        placed = tuple(_columns(divided, columns))
        if _fits(divided, columns):
            break
    return replace(divided, columns=placed)


def _wanted(model: Model, *, splits: bool) -> list[list[list[Buffer]]]:
    """Return possible arrangements, the best first: all windows, the current one's column, the current one alone."""
    current = model.current
    all_columns = model.splits.columns
    column = next((column for column in all_columns if current in column), [current])
    wanted = [all_columns, [column]] if splits and current in model.splits else []
    return [*wanted, [[current]]]


def _fits(divided: Layout, columns: Sequence[Sequence[Buffer]]) -> bool:
    most = max(map(len, columns))
    if most == len(columns) == 1:
        return True
    each = Size(divided.height // most, (divided.area.columns - len(columns) + 1) // len(columns))
    least = LEAST_SPLIT.columns if len(columns) == 1 else LEAST_COLUMN
    return (most == 1 or each.rows >= LEAST_SPLIT.rows) and each.columns >= least


def _columns(divided: Layout, columns: Sequence[Sequence[Buffer]]) -> Iterator[tuple[Pane, ...]]:
    """Yield the columns with the places of their windows, all of the same width, so that lines wrap equally."""
    wide = (divided.area.columns - (len(columns) - 1)) // len(columns)
    left = divided.left
    for windows in columns:
        each = divided.height // len(windows)
        panes = []
        for place, buffer in enumerate(windows):
            rows = each - 1 if place < len(windows) - 1 else divided.height - each * place
            titled = bool(place or divided.top)
            panes.append(Pane(buffer, divided.top + each * place, left, Size(rows, wide), titled))
        yield tuple(panes)
        left += wide + 1


def _shown(wanted: bool | None, room: bool) -> bool:
    return room if wanted is None else wanted
