"""A picture in cells: the upper half of each is one pixel, the lower half another one.

Colours are those of the fixed part of the 256-colour palette, or true colours if the terminal has them.
"""

from itertools import groupby

from greenchat.client.state.transfers import Picture
from greenchat.client.text.colours import true_colour
from greenchat.client.text.style import Cursor, PlacedGraphic, Size, Span, Style, StyledRow

UPPER_HALF = "▀"


def picture_placed(picture: Picture, area: Size, top: int) -> PlacedGraphic | None:
    """Return the place of the picture in pixels, None if the area has become too small.

    top: the first row of the area.
    """
    graphic = picture.graphic
    if graphic is None or graphic.cells.rows > area.rows or graphic.cells.columns > area.columns:
        return None
    rows, columns = (area.rows - graphic.cells.rows) // 2, (area.columns - graphic.cells.columns) // 2
    return PlacedGraphic(Cursor(top + rows, columns), graphic)


def picture_rows(picture: Picture, area: Size) -> list[StyledRow]:
    """Return the rows of an area with the picture in the middle, as large as possible."""
    scale = max(picture.width / max(1, area.columns), picture.height / max(1, 2 * area.rows), 1.0)
    wide = max(1, int(picture.width / scale))
    high = max(1, int(picture.height / scale))
    left = " " * ((area.columns - wide) // 2)
    across = [int(column * scale) for column in range(wide)]
    down = [int(row * scale) for row in range(high)]
    rows: list[StyledRow] = [()] * ((area.rows - (high + 1) // 2) // 2)
    for upper in range(0, high, 2):
        lower = down[upper + 1] if upper + 1 < high else None
        styles = (
            Style(
                true_colour(picture.colour(column, down[upper])),
                None if lower is None else true_colour(picture.colour(column, lower)),
            )
            for column in across
        )
        rows.append((Span(left), *(Span(UPPER_HALF * len([*same]), style) for style, same in groupby(styles))))
    rows = rows[: area.rows]
    return rows + [()] * (area.rows - len(rows))
