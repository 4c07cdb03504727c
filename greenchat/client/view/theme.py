"""Colours and signs: which style each part of the screen has, for dark and for light terminals."""

from zlib import crc32

from greenchat.client.state.settings import ClientSettings
from greenchat.client.text import links
from greenchat.client.text.cells import visible, whole_graphemes
from greenchat.client.text.colours import true_colour
from greenchat.client.text.style import NORMAL, Span, Style, StyledRow
from greenchat.client.text.times import clock
from greenchat.protocol.formatting import Format, parse_spans
from greenchat.records import field, record, replace

# mIRC colours 0-15 in the 256-colour palette, then the extended ones 16-98
# (https://modern.ircdocs.horse/formatting#colors-16-98).
MIRC_COLOURS = (
    *(15, 0, 4, 2, 9, 1, 5, 208, 11, 10, 6, 14, 12, 13, 8, 7),
    *(52, 94, 100, 58, 22, 29, 23, 24, 17, 54, 53, 89),
    *(88, 130, 142, 64, 28, 35, 30, 25, 18, 91, 90, 125),
    *(124, 166, 184, 106, 34, 49, 37, 33, 19, 129, 127, 161),
    *(196, 208, 226, 154, 46, 86, 51, 75, 21, 171, 201, 198),
    *(203, 215, 227, 191, 83, 122, 87, 111, 63, 177, 207, 205),
    *(217, 223, 229, 193, 157, 158, 159, 153, 147, 183, 219, 212),
    *(16, 233, 235, 237, 239, 241, 244, 247, 250, 254, 231),
)


@record(frozen=True, slots=True)
class Glyphs:
    """Signs that a terminal without Unicode draws in ASCII."""

    separator: str = "│"
    ellipsis: str = "…"
    rule: str = "─"
    event: str = "·"
    info: str = "─"
    waiting: str = "…"
    reply: str = "↳"


ASCII_GLYPHS = Glyphs("|", "~", "-", "-", "-", "~", ">")


@record(frozen=True, slots=True, eq=False)
class Theme:
    """A style for each part, and the colours that nicks are given. Compared by identity: each frame asks for it."""

    nicks: tuple[int, ...]
    bar: Style = Style(reverse=True)
    time: Style = Style(dim=True)
    separator: Style = Style(dim=True)
    own_nick: Style = Style(bold=True)
    highlight: Style = Style(foreground=11, bold=True)
    event: Style = Style(dim=True)
    info: Style = Style(foreground=6)
    error: Style = Style(foreground=9)
    notice: Style = Style(foreground=6)
    waiting: Style = Style(dim=True, italic=True)
    quote: Style = Style(dim=True)
    unread: Style = Style(foreground=9)
    prompt: Style = Style(bold=True)
    control: Style = Style(reverse=True)
    misspelt: Style = Style(foreground=9, underline=True)
    glyphs: Glyphs = field(default_factory=Glyphs)
    bare: bool = False  # names and texts only, for copying from the screen
    clock: str = "%H:%M"
    clock_columns: int = 5
    nick_columns: int = 12
    coloured: bool = True

    def nick(self, folded: str) -> Style:
        """Return the colour that belongs to a nick, the same everywhere and every day."""
        if not self.coloured:
            return NORMAL
        return Style(foreground=self.nicks[crc32(folded.encode()) % len(self.nicks)])


DARK = Theme(
    nicks=(10, 12, 13, 14, 39, 43, 77, 110, 114, 139, 141, 149, 168, 173, 175, 179, 180, 203, 208, 215),
    bar=Style(foreground=252, background=236),
    time=Style(foreground=244),
    separator=Style(foreground=239),
    event=Style(foreground=245),
    highlight=Style(foreground=227, bold=True),
)
LIGHT = Theme(
    nicks=(1, 4, 5, 22, 24, 25, 28, 54, 61, 90, 94, 97, 124, 125, 130, 133, 160, 166, 23, 55),
    bar=Style(foreground=235, background=252),
    time=Style(foreground=243),
    separator=Style(foreground=249),
    event=Style(foreground=242),
    highlight=Style(foreground=124, bold=True),
    error=Style(foreground=1),
    info=Style(foreground=24),
    notice=Style(foreground=24),
    unread=Style(foreground=1),
    misspelt=Style(foreground=1, underline=True),
)
# With 8 or 16 colours greys can't be relied on (the 8th is the background of many terminals): dim and reverse are.
DARK_16 = Theme(nicks=(2, 3, 5, 6, 9, 10, 11, 13, 14))
DARK_8 = Theme(
    nicks=(1, 2, 3, 5, 6),
    highlight=Style(foreground=3, bold=True),
    error=Style(foreground=1),
    unread=Style(foreground=1),
    misspelt=Style(foreground=1, underline=True),
)
LIGHT_16 = Theme(
    nicks=(1, 4, 5),
    highlight=Style(foreground=1, bold=True),
    error=Style(foreground=1),
    info=Style(foreground=4),
    notice=Style(foreground=4),
    unread=Style(foreground=1),
    misspelt=Style(foreground=1, underline=True),
)


def theme_for(depth: int, *, light: bool) -> Theme:
    """Return the theme for a terminal with so many colours and a light or dark background."""
    if depth >= 256 or not depth:
        return LIGHT if light else DARK
    return LIGHT_16 if light else DARK_16 if depth >= 16 else DARK_8


@record(slots=True)
class Appearance:
    """The user's settings and the terminal's abilities, and the theme that follows from them.

    ascii: whether to draw with ASCII characters only. light: whether the background is light. sure: whether the user
    said so. depth: the number of colours. wide: whether the terminal draws rules and dots two columns wide. wanted: the
    theme of this session, "" for the setting's.
    """

    ascii: bool = False
    light: bool = False
    sure: bool = False
    depth: int = 256
    wide: bool = False
    wanted: str = ""

    def theme(self, wanted: str = "auto") -> Theme:
        """Return the theme. wanted: "dark", "light", or "auto" for that of the terminal."""
        light = self.light if wanted == "auto" else wanted == "light"
        theme = theme_for(self.depth, light=light)
        return replace(theme, glyphs=ASCII_GLYPHS) if self.ascii or self.wide else theme


def styled(appearance: Appearance, settings: ClientSettings) -> Theme:
    """Return the theme as the settings want it."""
    form = str(settings.get("time.format"))
    return replace(
        appearance.theme(appearance.wanted or str(settings.get("theme"))),
        clock=form,
        clock_columns=max(5, len(clock(0, form))),
        nick_columns=int(str(settings.get("nick.columns"))),
        coloured=bool(settings.get("nick.colours")),
    )


def formatted(text: str, base: Style = NORMAL) -> tuple[Span, ...]:
    """Return text with mIRC codes as spans on top of a base style, with control characters made visible."""
    return _linked(whole_graphemes(Span(visible(part), _on(base, look)) for part, look in parse_spans(text)))


def _linked(row: StyledRow) -> StyledRow:
    """Return the row with each link underlined and leading to its address."""
    text = "".join(span.text for span in row)
    urls = links.find(text)
    if not urls:
        return row
    spans: list[Span] = []
    position = 0
    for span in row:
        start = position
        for first, last in urls:
            inner, end = max(first, position), min(last, start + len(span.text))
            if inner >= end:
                continue
            spans.append(Span(span.text[position - start : inner - start], span.style))
            style = replace(span.style, underline=True, link=text[first:last])
            spans.append(Span(span.text[inner - start : end - start], style))
            position = end
        spans.append(Span(span.text[position - start :], span.style))
        position = start + len(span.text)
    return tuple(span for span in spans if span.text)


def _on(base: Style, look: Format) -> Style:
    foreground = base.foreground if look.foreground is None else _colour(look.foreground)
    background = base.background if look.background is None else _colour(look.background)
    return Style(
        foreground,
        background,
        bold=base.bold or look.bold,
        dim=base.dim,
        italic=base.italic or look.italic,
        underline=base.underline or look.underline,
        reverse=base.reverse != look.reverse,
    )


def _colour(colour: int | str) -> int:
    if isinstance(colour, int):
        return MIRC_COLOURS[colour]
    return true_colour(int(colour, 16))
