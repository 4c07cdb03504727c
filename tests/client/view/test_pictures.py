"""A picture in half blocks: the colours of each cell, at every size."""

import pytest

from greenchat.client.state.effects import LoadPicture
from greenchat.client.state.transfers import Picture
from greenchat.client.text import colours
from greenchat.client.text.cells import row_width
from greenchat.client.text.colours import nearest, true_colour
from greenchat.client.text.style import Size
from greenchat.client.view.pictures import picture_rows
from tests.client.world import World

RED, GREEN, BLUE, WHITE = 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF
FLAG = Picture("flag", 2, 2, b"".join(colour.to_bytes(3) for colour in (RED, GREEN, BLUE, WHITE)))


def test_each_cell_has_two_pixels() -> None:
    (row,) = picture_rows(FLAG, Size(1, 2))
    assert [(span.text, span.style.foreground, span.style.background) for span in row[1:]] == [
        ("▀", true_colour(RED), true_colour(BLUE)),
        ("▀", true_colour(GREEN), true_colour(WHITE)),
    ]


@pytest.mark.parametrize("area", [Size(1, 1), Size(1, 80), Size(24, 1), Size(5, 20), Size(24, 80), Size(0, 10)])
def test_a_picture_fits_every_area(area: Size) -> None:
    big = Picture("x", 90, 61, bytes(3 * 90 * 61))
    rows = picture_rows(big, area)
    assert len(rows) == area.rows
    assert max((row_width(row) for row in rows), default=0) <= area.columns


def test_the_nearest_colour_is_computed_directly() -> None:
    """xterm-256: the cube's levels are 0, 95, 135, 175, 215 and 255, the greys 8, 18 ... 238."""
    for wanted in (0x000000, 0xFFFFFF, 0x808080, 0x5F87AF, 0x123456, 0xFE0102, 0x7F7F7F, 0x0A0A0A, 0xC0FFEE):
        among = range(16, 256)
        best = min(colours._distance(wanted, colours.rgb(each)) for each in among)
        found = nearest(true_colour(wanted), 256)
        assert found >= 16
        assert colours._distance(wanted, colours.rgb(found)) == best, hex(wanted)


def test_a_picture_covers_the_messages_until_a_key_is_pressed() -> None:
    world = World(10, 40)
    world.welcome()
    world.join()
    world.type("half a li")
    assert world.console.show_picture(FLAG)
    assert "▀▀" in "".join(world.screen())
    assert "flag. Any key goes back." in world.bar()
    assert not world.console.show_picture(FLAG), "one picture at a time"
    world.type("ne\n")
    assert [line for line in world.sent() if "half a line" in line], "no key press is lost"
    assert "▀" not in "".join(world.screen())


def test_only_requested_pictures_are_fetched() -> None:
    world = World(10, 40)
    world.welcome()
    world.join()
    world.feed(":bob!b@h PRIVMSG #tea :look https://example.org/a.png and http://example.org/b.png.")
    assert not [each for each in world.model.effects if isinstance(each, LoadPicture)]
    world.type("/picture\n/picture ~/x.png\n/picture ftp://example.org/x.png\n")
    asked = [each.source for each in world.model.effects if isinstance(each, LoadPicture)]
    assert asked == ["http://example.org/b.png", "~/x.png"]
    assert world.shown()[-1] == "! Pictures are fetched from http:// and https:// addresses."


def test_the_message_cursor_shows_the_picture_of_a_message() -> None:
    world = World(10, 60)
    world.welcome()
    world.join()
    world.feed(":bob!b@h PRIVMSG #tea :look https://example.org/a.png")
    world.press("M-m", "p")
    assert [each.source for each in world.model.effects if isinstance(each, LoadPicture)] == [
        "https://example.org/a.png"
    ]
