"""Clicks: switch to a window, insert a nick into the input line, open a link, or move the cursor."""

from greenchat.client.input.editor import Editor
from greenchat.client.state.effects import OpenLink
from greenchat.client.state.model import Buffer
from greenchat.client.text.cells import width
from greenchat.client.text.style import Cursor, Size
from greenchat.client.view.bars import FrameContext, input_place, window_in_status
from greenchat.client.view.window_view import WindowView


def click(view: WindowView, editor: Editor, look: FrameContext, row: int, column: int) -> str:
    """Handle a click on a cell, counted from 0. Returns a hint for the user, "" for none. look: of the last frame."""
    place = _place_in_input(view, look, row, column)
    link = link_at(view, look, row, column)
    nick = view.nick_at(row, column)
    window = _window_in_status(view, look, row, column) or view.window_at(row, column)
    if place is not None:
        editor.move(place)
    elif link:
        view.model.effects.append(OpenLink(link))
        return f"Opening {link}"
    elif nick:
        editor.insert(f"{nick}{' ' if editor.text else ': '}")
    elif window:
        view.model.show(window)
    return ""


def link_at(view: WindowView, look: FrameContext, row: int, column: int) -> str:
    """Return the link that is drawn at a cell of a window, "" for none."""
    if view.layout.window_at(row, column) is None:
        return ""
    end = 0
    for span in view.picture(look).rows[row]:
        end += width(span.text)
        if column < end:
            return span.style.link
    return ""


def _window_in_status(view: WindowView, look: FrameContext, row: int, column: int) -> Buffer | None:
    """Return the window that is named by its number at a cell of the status line, None for none."""
    divided = view.layout
    last = divided.size.rows - divided.input
    if look.hint or not last - divided.bottom <= row < last:
        return None
    return window_in_status(view.model, divided.size.columns, look, column)


def _place_in_input(view: WindowView, look: FrameContext, row: int, column: int) -> int | None:
    """Return the index in the input's text for a cell, None for one of another row."""
    divided = view.layout
    within = row - (divided.size.rows - divided.input)
    if not 0 <= within < divided.input:
        return None
    area = Size(divided.input, divided.size.columns)
    return input_place(view.model.current, view.input_line, area, look, Cursor(within, column))
