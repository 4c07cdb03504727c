"""The panels beside the messages: the list of windows on the left, the members of the channel on the right."""

from greenchat.client.state.model import Buffer, BufferKind, Model
from greenchat.client.text.cells import clip, fill_row, visible
from greenchat.client.text.style import NORMAL, Size, Span, Style, StyledRow
from greenchat.client.view.theme import Theme


def window_rows(model: Model, area: Size, theme: Theme) -> list[StyledRow]:
    """Return a row per window with its number and unread count; the shown window is always among them."""
    first = _first_window(model, area.rows)
    rows: list[StyledRow] = []
    for buffer in model.buffers[first : first + area.rows]:
        style = NORMAL
        if buffer is model.current:
            style = theme.bar
        elif buffer.unread.highlights:
            style = theme.highlight
        elif buffer.unread.count:
            style = Style(bold=True)
        elif not buffer.joined and buffer.kind is BufferKind.CHANNEL:
            style = theme.event
        unread = f" {buffer.unread.count}" if buffer.unread.count else ""
        indent = "" if buffer.kind is BufferKind.STATUS else " "
        name = clip(
            f"{buffer.number}{indent} {visible(buffer.name)}", area.columns - len(unread), theme.glyphs.ellipsis
        )
        rows.append(fill_row((Span(name, style), Span(unread, style)), area.columns, style))
    return rows + [(Span(" " * area.columns),)] * (area.rows - len(rows))


def window_at(model: Model, height: int, row: int) -> Buffer | None:
    """Return the window that a row of the list shows."""
    number = _first_window(model, height) + row
    return model.buffers[number] if number < len(model.buffers) else None


def nick_at(buffer: Buffer, height: int, row: int, first: int = 0) -> str:
    """Return the nick on a row of the list, "" for none. first: as many are scrolled out above."""
    shown = _nicks_shown(len(buffer.members), height, first)
    place = shown.start + row - (shown.start > 0)
    return buffer.ranked_members[place].nick if place in shown else ""


def most_scrolled(buffer: Buffer, height: int) -> int:
    """Return the maximum number of members scrolled out above the list."""
    return max(0, len(buffer.members) - height + 1) if len(buffer.members) > height else 0


def _nicks_shown(count: int, height: int, first: int) -> range:
    """Return the range of visible members. If some are hidden, the first and last rows show their number."""
    if count <= height:
        return range(count)
    first = max(0, min(first, count - height + 1))
    room = height - (first > 0)
    return range(first, count if count - first <= room else first + max(0, room - 1))


def _first_window(model: Model, height: int) -> int:
    current = model.buffers.index(model.current)
    return max(0, min(current - height // 2, len(model.buffers) - height))


def nick_rows(buffer: Buffer, area: Size, theme: Theme, first: int = 0) -> list[StyledRow]:
    """Return a row per member, highest ranks first, with a row each for the number of hidden ones above and below.

    first: members scrolled out above.
    """
    members = buffer.ranked_members if area.columns else []
    shown = _nicks_shown(len(members), area.rows, first)
    rows: list[StyledRow] = []
    if shown.start and area.rows:
        rows.append(fill_row((Span(f" +{shown.start} above", theme.event),), area.columns))
    for member in members[shown.start : shown.stop]:
        own = buffer.network.is_me(member.nick)
        style = theme.own_nick if own else theme.nick(buffer.network.fold(member.nick))
        if member.away:
            style = theme.event
        name = Span(clip(visible(member.nick), area.columns - 1, theme.glyphs.ellipsis), style)
        rows.append(fill_row((Span(member.prefixes[:1] or " ", theme.separator), name), area.columns))
    if shown.stop < len(members) and len(rows) < area.rows:
        rows.append(fill_row((Span(f" +{len(members) - shown.stop} more", theme.event),), area.columns))
    return rows + [(Span(" " * area.columns),)] * (area.rows - len(rows))
