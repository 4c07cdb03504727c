"""Split windows: columns from the left, each with windows from the top.

The current window is always shown. Switching to another shown window moves nothing; switching to a hidden one shows it
in place of the current one.
"""

from greenchat.client.state.network import Buffer


class Splits:
    """The windows shown side by side and above each other.

    Reads: windows, place. Changes: add_above, add_right, exchange, remove, arrange.
    """

    __slots__ = ("columns",)

    def __init__(self, window: Buffer) -> None:
        self.columns: list[list[Buffer]] = [[window]]

    def __contains__(self, window: Buffer) -> bool:
        return any(window in column for column in self.columns)

    @property
    def windows(self) -> list[Buffer]:
        """Return all windows, column by column."""
        return [window for column in self.columns for window in column]

    def place(self, window: Buffer) -> tuple[int, int] | None:
        """Return a window's column and its place in it, None if it is not shown."""
        for number, column in enumerate(self.columns):
            if window in column:
                return number, column.index(window)
        return None

    def add_above(self, window: Buffer, current: Buffer) -> None:
        """Put a window above another one, or move it there."""
        self.remove(window)
        column = next(column for column in self.columns if current in column)
        column.insert(column.index(current), window)

    def add_right(self, window: Buffer, current: Buffer) -> None:
        """Show a window in a new column to the right of another one, or move it there."""
        self.remove(window)
        place = next(number for number, column in enumerate(self.columns) if current in column)
        self.columns.insert(place + 1, [window])

    def exchange(self, old: Buffer, new: Buffer) -> None:
        """Replace a window by another one; if that is already shown, only hide the first."""
        if new in self:
            self.remove(old)
        else:
            self.columns = [[new if window is old else window for window in column] for column in self.columns]

    def remove(self, window: Buffer) -> None:
        """Take a window off the screen."""
        remaining = [[other for other in column if other is not window] for column in self.columns]
        self.columns = [column for column in remaining if column]

    def arrange(self, places: dict[Buffer, tuple[int, int]], current: Buffer) -> None:
        """Show these windows at these places (column, place in it), and the current one if it is not among them."""
        shown = sorted(places, key=lambda window: places[window])
        columns = sorted({places[window][0] for window in shown})
        self.columns = [[window for window in shown if places[window][0] == column] for column in columns]
        if current not in self:
            self.columns = [*self.columns, [current]]
