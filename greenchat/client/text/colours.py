"""Colours as numbers, and the nearest ones for terminals with fewer.

A colour is a number of the 256-colour palette (0 to 15 are the terminal's own, shown here as xterm has them, 16 to 255
are fixed), or `true_colour(0xRRGGBB)`. How many colours there are is a depth: 0, 8, 16, 256 or TRUE.
"""

from collections.abc import Mapping
from functools import cache

TRUE = 1 << 24
DEPTHS = {"none": 0, "8": 8, "16": 16, "256": 256, "true": TRUE}
_XTERM = (
    *(0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5),
    *(0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF),
)
_LEVELS = (0, 95, 135, 175, 215, 255)  # of the 6x6x6 cube


def depth(environment: Mapping[str, str], of_terminfo: int) -> int:
    """Return the number of colours to use. of_terminfo: the number in the terminal's description.

    Terminals announce more colours than their description has in COLORTERM. NO_COLOR: https://no-color.org, "when
    present and not an empty string (regardless of its value), prevents the addition of ANSI color".
    """
    if environment.get("NO_COLOR"):
        return 0
    if of_terminfo >= 8 and environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return TRUE
    return max((depth for depth in DEPTHS.values() if depth <= of_terminfo), default=0)


def true_colour(rgb: int) -> int:
    """Return the colour 0xRRGGBB, exactly."""
    return TRUE | rgb


def rgb(colour: int) -> int:
    """Return the colour as 0xRRGGBB."""
    if colour >= TRUE:
        return colour & 0xFFFFFF
    if colour < 16:
        return _XTERM[colour]
    if colour >= 232:
        return (8 + 10 * (colour - 232)) * 0x010101
    red, green, blue = ((colour - 16) // 36, (colour - 16) // 6 % 6, (colour - 16) % 6)
    return _LEVELS[red] << 16 | _LEVELS[green] << 8 | _LEVELS[blue]


@cache
def nearest(colour: int, depth: int) -> int:
    """Return the nearest of so many (8 or more) colours."""
    if colour < depth or (colour >= TRUE and depth >= TRUE):
        return colour
    if depth >= 256:  # the first 16 differ between terminals: only the others are reliable
        return _fixed(rgb(colour))
    wanted = rgb(colour)
    return min(range(depth), key=lambda other: _distance(wanted, rgb(other)))


def _fixed(wanted: int) -> int:
    """Return the nearest colour of the cube or of the greys to 0xRRGGBB."""
    red, green, blue = (_level(wanted >> shift & 0xFF) for shift in (16, 8, 0))
    grey = 232 + max(0, min(23, round((sum(wanted.to_bytes(3)) / 3 - 8) / 10)))
    return min(16 + 36 * red + 6 * green + blue, grey, key=lambda other: _distance(wanted, rgb(other)))


def _level(part: int) -> int:
    return min(range(6), key=lambda number: abs(_LEVELS[number] - part))


def _distance(one: int, other: int) -> int:
    return sum(((one >> shift & 0xFF) - (other >> shift & 0xFF)) ** 2 for shift in (0, 8, 16))
