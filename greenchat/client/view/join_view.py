"""The join screen as a picture, down to 20 columns and 3 rows."""

from greenchat.client.input.editor import InputLine
from greenchat.client.input.join_screen import CHANNEL, SERVER, JoinScreen
from greenchat.client.state.channel_list import ListedChannel
from greenchat.client.text.cells import clip, clip_row, fill_row, fit, visible, width, wrap
from greenchat.client.text.style import Cursor, Frame, Size, Span, StyledRow
from greenchat.client.view.bars import hint_rows, input_row
from greenchat.client.view.theme import Theme, formatted

ROOMY = Size(10, 40)  # from which on it has margins
NAME_COLUMNS = 24  # of channels in the list, at most
PEOPLE_COLUMNS = 5
MARK = "> "  # before the chosen one


def render(screen: JoinScreen, size: Size, theme: Theme) -> Frame:
    """Return the join screen: from top to bottom the heading, the fields, the progress, and the keys."""
    columns = size.columns
    roomy = size.rows >= ROOMY.rows and columns >= ROOMY.columns
    bar = theme.bar
    title = "where do you want to chat?" if screen.first else "which channel?"
    title = f"greenchat: {title}" if columns >= ROOMY.columns else title
    ellipsis = theme.glyphs.ellipsis
    rows: list[StyledRow] = []
    if size.rows > len(screen.fields) + 1:
        rows.append(fill_row((Span(" " + clip(title, columns - 1, ellipsis), bar),), columns, bar))
    blank: list[StyledRow] = [()] if roomy else []
    rows += blank
    fields = screen.fields if size.rows > len(screen.fields) else (screen.field,)
    cursor = Cursor(0, 0)
    for field in fields:
        label = f"{'  ' * roomy}{fit(field, 9 if columns < ROOMY.columns else 11)}"
        line = screen.line(field)
        row, column = input_row(label, line if field == screen.field else InputLine(line.text), columns, theme)
        if screen.is_suggestion(field):
            row = (row[0], *(Span(span.text, theme.event) for span in row[1:]))
        if field == screen.field:
            cursor = Cursor(len(rows), column)
        else:
            row = (Span(row[0].text, theme.event), *row[1:])
        rows.append(row)
    rows += blank
    hint = screen.hint
    room = size.rows - len(rows) - 1
    progress = wrap((Span(visible(screen.progress), theme.error if screen.error else theme.info),), columns - 4 * roomy)
    if screen.progress and room >= len(progress):
        rows += [(Span("  " * roomy), *row) for row in progress]
    elif screen.error:
        hint = screen.error
    foot = hint_rows(hint, columns, max(1, size.rows - len(rows)), theme)
    if screen.field in (CHANNEL, SERVER) and not screen.error:
        rows += _list(screen, Size(size.rows - len(rows) - len(foot), columns), theme)
    rows = rows[: size.rows - len(foot)]
    rows += [()] * (size.rows - len(foot) - len(rows))
    rows += foot
    return Frame(tuple(rows), cursor, "greenchat")


def _list(screen: JoinScreen, area: Size, theme: Theme) -> list[StyledRow]:
    """Return the channels or servers around the chosen one."""
    height = max(0, area.rows)
    choices = screen.choices if screen.field == CHANNEL else screen.servers
    first = max(0, min((screen.chosen or 0) - height // 2, len(choices) - height))
    shown = choices[first : first + height]
    longest = max((width(visible(each.name)) for each in shown), default=0)
    wide = max(1, min(longest, NAME_COLUMNS, area.columns - len(MARK) - PEOPLE_COLUMNS))
    return [
        _entry(each, area.columns, wide, theme, chosen=number == screen.chosen, counts=screen.field == CHANNEL)
        for number, each in enumerate(shown, first)
    ]


def _entry(each: ListedChannel, columns: int, wide: int, theme: Theme, *, chosen: bool, counts: bool) -> StyledRow:
    mark = MARK if chosen else " " * len(MARK)
    style = theme.prompt if chosen else theme.info
    name = fit(clip(visible(each.name), wide, theme.glyphs.ellipsis), wide)
    people = fit(str(each.people), PEOPLE_COLUMNS, right=True) if counts else ""
    row = (Span(f"{mark}{name}{people}", style), Span("  "), *formatted(each.topic, theme.event))
    return clip_row(row, columns)
