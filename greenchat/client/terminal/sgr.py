"""Styles as escape sequences for the terminal, where curses can't draw them (SGR, ECMA-48 8.3.117)."""

from greenchat.client.text import colours
from greenchat.client.text.style import Style


def sgr(style: Style, depth: int) -> str:
    """Return the sequence that begins a style and ends every other one. depth: the number of colours."""
    codes = ["0"]
    codes += [
        code
        for wanted, code in (
            (style.bold, "1"),
            (style.dim, "2"),
            (style.italic, "3"),
            (style.underline, "4"),
            (style.reverse, "7"),
        )
        if wanted
    ]
    for colour, base in ((style.foreground, 30), (style.background, 40)):
        if depth and colour is not None:
            codes += _colour(colours.nearest(colour, depth), base)
    return f"\x1b[{';'.join(codes)}m"


def _colour(colour: int, base: int) -> list[str]:
    if colour < 8:
        return [str(base + colour)]
    if colour < 16:
        return [str(base + 60 + colour - 8)]
    if colour < 256:
        return [str(base + 8), "5", str(colour)]
    return [str(base + 8), "2", *(str(colour >> shift & 0xFF) for shift in (16, 8, 0))]
