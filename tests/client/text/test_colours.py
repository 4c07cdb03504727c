"""Colours: the number of colours, the nearest ones, and that text is readable."""

import pytest

from greenchat.client.text.colours import TRUE, depth, nearest, rgb, true_colour
from greenchat.client.text.style import Style
from greenchat.client.view.theme import DARK, DARK_8, DARK_16, LIGHT, LIGHT_16, Theme, formatted, theme_for

BLACK, DARK_GREY, WHITE, PAPER = 0x000000, 0x202020, 0xFFFFFF, 0xF5F5F5


@pytest.mark.parametrize(
    ("environment", "of_terminfo", "found"),
    [
        ({}, 256, 256),
        ({}, 8, 8),
        ({}, 16, 16),
        ({}, 88, 16),
        ({}, 0, 0),
        ({}, 1 << 24, TRUE),
        ({"COLORTERM": "truecolor"}, 256, TRUE),
        ({"COLORTERM": "24bit"}, 8, TRUE),
        ({"COLORTERM": "rxvt"}, 8, 8),
        ({"COLORTERM": "truecolor"}, 0, 0),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, 256, 0),  # "regardless of its value"
        ({"NO_COLOR": ""}, 256, 256),  # "when present and not an empty string"
    ],
)
def test_the_number_of_colours(environment: dict[str, str], of_terminfo: int, found: int) -> None:
    assert depth(environment, of_terminfo) == found


@pytest.mark.parametrize(
    ("colour", "among", "found"),
    [
        (208, 256, 208),
        (208, 16, 3),  # orange is nearest to (dark) yellow
        (208, 8, 3),
        (9, 8, 1),
        (15, 8, 7),
        (16, 8, 0),
        (244, 16, 8),
        (true_colour(0xFF8700), 256, 208),
        (true_colour(0xFF8700), TRUE, true_colour(0xFF8700)),
        (true_colour(0), 8, 0),
    ],
)
def test_the_nearest_colour(colour: int, among: int, found: int) -> None:
    assert nearest(colour, among) == found
    assert all(nearest(known, 256) == known for known in range(256))


def test_the_palette() -> None:
    # the 6x6x6 cube and the greys of xterm's 256 colours
    assert [rgb(colour) for colour in (16, 21, 196, 231, 232, 255)] == [0, 0xFF, 0xFF0000, 0xFFFFFF, 0x080808, 0xEEEEEE]


def contrast(one: int, other: int) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: int) -> float:
    red, green, blue = (
        level / 12.92 if level <= 0.03928 else ((level + 0.055) / 1.055) ** 2.4
        for level in ((colour >> shift & 0xFF) / 255 for shift in (16, 8, 0))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("theme", "backgrounds"),
    [
        (DARK, (BLACK, DARK_GREY)),
        (DARK_16, (BLACK, DARK_GREY)),
        (DARK_8, (BLACK,)),
        (LIGHT, (WHITE, PAPER)),
        (LIGHT_16, (WHITE, PAPER)),
    ],
    ids=["dark", "dark 16", "dark 8", "light", "light 16"],
)
def test_texts_and_nicks_are_readable(theme: Theme, backgrounds: tuple[int, ...]) -> None:
    read = {
        *theme.nicks,
        *(
            style.foreground
            for style in (theme.highlight, theme.info, theme.error, theme.notice, theme.event, theme.time, theme.unread)
            if style.foreground is not None
        ),
    }
    poor = {
        colour: round(contrast(rgb(colour), background), 2)
        for colour in read
        for background in backgrounds
        if contrast(rgb(colour), background) < 3.3
    }
    assert poor == {}


def test_themes_use_only_the_terminals_colours() -> None:
    for count in (8, 16):
        for light in (True, False):
            theme = theme_for(count, light=light)
            styles = [getattr(theme, name) for name in Theme.__slots__]
            used = {*theme.nicks, *(style.foreground or 0 for style in styles if isinstance(style, Style))}
            assert max(used) < count, (count, light)
    assert theme_for(0, light=False) is DARK
    assert theme_for(TRUE, light=True) is LIGHT


def test_colours_of_text_are_exact() -> None:
    (span,) = formatted("\x04ff8700orange")
    assert span.style.foreground == true_colour(0xFF8700)
