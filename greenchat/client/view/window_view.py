"""The user's view of the model: the size of the terminal, the panels, the positions of scrolled windows, and switching
windows."""

from collections.abc import Callable

from greenchat.client.input.editor import EMPTY, InputLine
from greenchat.client.irc import chathistory
from greenchat.client.state.lines import TALK, Anchor
from greenchat.client.state.model import Buffer, Model
from greenchat.client.text.style import Frame, Size
from greenchat.client.view.bars import FrameContext
from greenchat.client.view.frame import render
from greenchat.client.view.layout import Layout, Panels, layout
from greenchat.client.view.panels import most_scrolled, nick_at, window_at
from greenchat.client.view.scrollback import NO_LINE, at_start, lines_shown, scrolled
from greenchat.client.view.theme import Theme
from greenchat.records import replace

_WHEEL_ROWS = 3


class WindowView:
    """Draws the current window.

    line, hint: the contents of the input and status rows, which take their rows from the history.

    bare: copy mode, names and texts only. Reads: picture, theme, layout, nick_at, window_at. Changes: the rest.
    """

    __slots__ = ("_bare_theme", "_hint", "_line", "_nicks", "_theme", "bare", "model", "panels", "size")

    def __init__(
        self, model: Model, size: Size, theme: Theme, line: Callable[[], InputLine], hint: Callable[[], str]
    ) -> None:
        self.model = model
        self.size = size
        self.panels = Panels()
        self.bare = False
        self.draw_with(theme)
        self._line = line
        self._hint = hint
        self._nicks: tuple[Buffer, int] = (model.current, 0)  # a window, and the members scrolled out above its list

    def draw_with(self, theme: Theme) -> None:
        """Draw with this theme from now on."""
        self._theme = theme
        self._bare_theme = replace(theme, bare=True)

    def picture(self, look: FrameContext) -> Frame:
        """Return the whole picture."""
        return render(self.model, self._line(), self.size, look, self._panels, self._nicks_scrolled)

    @property
    def theme(self) -> Theme:
        """The theme that is used now."""
        return self._bare_theme if self.bare else self._theme

    @property
    def layout(self) -> Layout:
        """The layout of the terminal."""
        return layout(self.model, self._line(), self.size, self._panels)

    def nick_at(self, row: int, column: int) -> str:
        """Return the nickname at a cell of the list of people, "" for none."""
        if not self._is_over_nicks(row, column):
            return ""
        return nick_at(self.model.current, self.layout.height, row - self.layout.top, self._nicks_scrolled)

    def window_at(self, row: int, column: int) -> Buffer | None:
        """Return the window of a cell, its own or one in the list of windows; None for a cell of none."""
        divided = self.layout
        within = row - divided.top
        listed = 0 <= column - divided.first_of_windows < divided.windows
        if 0 <= within < divided.height and listed:
            return window_at(self.model, divided.height, within)
        return None if self._is_over_nicks(row, column) else divided.window_at(row, column)

    @property
    def input_line(self) -> InputLine:
        """The content of the input line."""
        return self._line()

    @property
    def _nicks_scrolled(self) -> int:
        buffer, first = self._nicks
        return first if buffer is self.model.current else 0

    def _is_over_nicks(self, row: int, column: int) -> bool:
        divided = self.layout
        beside = bool(divided.nicks) and 0 <= column - divided.first_of_nicks < divided.nicks
        return beside and 0 <= row - divided.top < divided.height

    def scroll_nicks(self, rows: int) -> None:
        """Scroll the list of people, down if positive."""
        buffer = self.model.current
        most = most_scrolled(buffer, self.layout.height)
        self._nicks = buffer, max(0, min(most, self._nicks_scrolled + rows))

    def scroll_nicks_page(self, pages: int) -> None:
        """Scroll the list of people by its height."""
        self.scroll_nicks(pages * max(1, self.layout.height - 2))

    def wheel(self, row: int, column: int, *, up: bool) -> bool:
        """Scroll the list of people, or a window that is not the current one; return False if the pointer is over
        neither.
        """
        rows = _WHEEL_ROWS if up else -_WHEEL_ROWS
        if self._is_over_nicks(row, column):
            self.scroll_nicks(-rows)
            return True
        buffer = self.layout.window_at(row, column)
        if buffer is None or buffer is self.model.current:
            return False
        area = self.layout.pane(buffer).area
        buffer.anchor = scrolled(buffer, area, self.theme, rows)
        if rows > 0 and buffer.anchor == at_start(buffer, area, self.theme):
            chathistory.ask_older(buffer)
        return True

    def newest_shown(self) -> int:
        """Return the number of the newest visible message, else of the newest visible line, else NO_LINE."""
        buffer = self.model.current
        shown = [number for number in self._shown() if number != NO_LINE]
        if not shown:
            buffer.cleared = 0
            shown = [number for number in self._shown() if number != NO_LINE]
        messages = [number for number in shown if buffer.line(number).kind in TALK]
        return max(messages or shown, default=NO_LINE)

    def bring(self, number: int) -> None:
        """Scroll to a line, if it is not on the screen."""
        buffer = self.model.current
        if number not in self._shown():
            self.scroll_to(number)
        if number == buffer.first:
            chathistory.ask_older(buffer)

    def scroll(self, rows: int) -> None:
        """Scroll, up if positive. At the top older lines are requested, at a gap the missing ones."""
        buffer = self.model.current
        area = self._area
        if rows > 0 and buffer.cleared and buffer.anchor is None:
            buffer.cleared = 0  # cleared lines are visible again
            return
        buffer.anchor = scrolled(buffer, area, self.theme, rows)
        if buffer.history.gaps and chathistory.fill_gap(
            buffer, [number for number in self._shown() if number != NO_LINE]
        ):
            return
        if rows > 0 and buffer.anchor == at_start(buffer, area, self.theme):
            chathistory.ask_older(buffer)

    def scroll_page(self, pages: int) -> None:
        """Scroll by the height of the history but two rows, to continue reading from."""
        self.scroll(pages * max(1, self._area.rows - 2))

    def scroll_to(self, number: int) -> None:
        """Bring a line to the middle of the screen."""
        buffer = self.model.current
        area = self._area
        buffer.cleared = 0
        buffer.anchor = Anchor(number)
        buffer.anchor = scrolled(buffer, area, self.theme, -(area.rows // 2))

    def to_start(self) -> None:
        """Scroll to the oldest line; older ones are requested."""
        buffer = self.model.current
        buffer.cleared = 0
        buffer.anchor = at_start(buffer, self._area, self.theme)
        chathistory.ask_older(buffer)

    def to_end(self) -> None:
        """Scroll to the newest line and follow it."""
        self.model.current.anchor = None

    def to_unread(self) -> None:
        """Scroll to the first unread line."""
        buffer = self.model.current
        if buffer.first <= buffer.first_unseen < buffer.end:
            self.scroll_to(buffer.first_unseen)

    def to_highlight(self, step: int) -> None:
        """Scroll to a line with a highlight: the next one below the screen (1), or above it (-1)."""
        buffer = self.model.current
        shown = [number for number in self._shown() if number != NO_LINE] or [buffer.end]
        numbers = range(shown[-1] + 1, buffer.end) if step > 0 else range(shown[0] - 1, buffer.first - 1, -1)
        number_of_line = next((number for number in numbers if buffer.line(number).highlight), None)
        if number_of_line is not None:
            self.scroll_to(number_of_line)

    def toggle_windows(self) -> None:
        """Show or hide the list of windows."""
        self.panels = replace(self.panels, windows=not self._widest.windows)

    def toggle_nicks(self) -> None:
        """Show or hide the list of people."""
        self.panels = replace(self.panels, nicks=not self._widest.nicks)

    def show_number(self, number: int) -> None:
        """Go to a window, counted from 1."""
        if buffer := self.model.numbered(number):
            self.model.show(buffer)

    def show_next(self, step: int) -> None:
        """Go to the window that is so many places further."""
        buffers = self.model.buffers
        self.model.show(buffers[(buffers.index(self.model.current) + step) % len(buffers)])

    def show_split(self) -> None:
        """Go to the next of the windows that are shown together."""
        shown = self.model.splits.windows
        if self.model.current in shown:
            self.model.show(shown[(shown.index(self.model.current) + 1) % len(shown)])

    def show_active(self) -> None:
        """Go to the next window that the status line names, mentions first, and finally back."""
        others = [
            buffer for buffer in self.model.buffers if buffer is not self.model.current and buffer.unread.is_important
        ]
        called = [buffer for buffer in others if buffer.unread.highlights]
        self.model.show((called or others or [self.model.last])[0])

    @property
    def _area(self) -> Size:
        return self.layout.pane(self.model.current).area

    @property
    def _panels(self) -> Panels:
        wanted = self.model.settings.get
        bars = replace(
            self.panels, topic=bool(wanted("show.topic")), status=bool(wanted("show.status")), hint=self._hint()
        )
        bars = replace(
            bars,
            windows_columns=int(str(wanted("windows.columns"))),
            nicks_columns=int(str(wanted("list.columns"))),
            windows_right=wanted("windows.side") == "right",
            nicks_left=wanted("list.side") == "left",
        )
        return replace(bars, windows=False, nicks=False, splits=False) if self.bare else bars

    @property
    def _widest(self) -> Layout:
        return layout(self.model, EMPTY, self.size, self._panels)

    def _shown(self) -> list[int]:
        return lines_shown(self.model.current, self._area, self.theme)


# What keys do to the view, by the names in the key table.
WINDOW_ACTIONS: dict[str, Callable[[WindowView], None]] = {
    "scroll up": lambda view: view.scroll_page(1),
    "scroll down": lambda view: view.scroll_page(-1),
    "wheel up": lambda view: view.scroll(_WHEEL_ROWS),
    "wheel down": lambda view: view.scroll(-_WHEEL_ROWS),
    "scroll to start": lambda view: view.to_start(),
    "scroll to end": lambda view: view.to_end(),
    "next window": lambda view: view.show_next(1),
    "previous window": lambda view: view.show_next(-1),
    "next split": lambda view: view.show_split(),
    "next active window": lambda view: view.show_active(),
    "windows panel": lambda view: view.toggle_windows(),
    "nicks panel": lambda view: view.toggle_nicks(),
    "nicks up": lambda view: view.scroll_nicks_page(-1),
    "nicks down": lambda view: view.scroll_nicks_page(1),
    "scroll to unread": lambda view: view.to_unread(),
    "previous highlight": lambda view: view.to_highlight(-1),
    "next highlight": lambda view: view.to_highlight(1),
    "last window": lambda view: view.model.show(view.model.last),
}
