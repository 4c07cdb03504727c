"""Pictures in pixels, decoded from the output: each pixel has its colour."""

import re
from base64 import b64decode
from random import Random

import pytest

from greenchat.client.text.graphics import CHUNK, encode_kitty, encode_sixels
from greenchat.client.text.style import Size

PALETTE = bytes((0, 0, 0, 255, 0, 0, 0, 255, 0, 51, 102, 255))
CELLS = Size(2, 3)
_TOKEN = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|([$-])")


def drawn(text: str) -> tuple[int, int, dict[tuple[int, int], tuple[int, ...]]]:
    """Return width, height and the colour of each pixel, as a terminal draws sixels: DEC STD 070, 9.4."""
    match = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.S)
    assert match
    colours: dict[int, tuple[int, ...]] = {}
    pixels: dict[tuple[int, int], tuple[int, ...]] = {}
    column = top = colour = position = 0
    for token in _TOKEN.finditer(match[3]):
        assert token.start() == position, match[3][position:]
        position = token.end()
        if token[1]:
            colour = int(token[1])
            if token[2]:
                colours[colour] = tuple(int(part) * 255 // 100 for part in token.group(2, 3, 4))
        elif token[8]:
            column, top = 0, top + 6 * (token[8] == "-")
        else:
            bits, run = ord(token[6] or token[7]) - 63, int(token[5] or 1)
            for place in ((each, top + row) for each in range(column, column + run) for row in range(6)):
                if bits >> place[1] - top & 1:
                    assert place not in pixels, "a pixel is drawn twice"
                    pixels[place] = colours[colour]
            column += run
    assert position == len(match[3])
    return int(match[1]), int(match[2]), pixels


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 6), (5, 13), (40, 12), (300, 7)])
@pytest.mark.parametrize("noise", [False, True])
def test_sixels_have_the_colour_of_each_pixel(width: int, height: int, noise: bool) -> None:
    chance = Random(1)
    indices = bytes(chance.randrange(4) if noise else place // 9 % 4 for place in range(width * height))
    graphic = encode_sixels(width, indices, PALETTE, CELLS)
    assert (graphic.cells, graphic.erased) == (CELLS, "")
    wide, high, pixels = drawn(graphic.drawn)
    assert (wide, high) == (width, height)
    assert len(pixels) == width * height
    for (column, row), colour in pixels.items():
        number = indices[row * width + column]
        assert all(abs(part - wanted) <= 3 for part, wanted in zip(colour, PALETTE[3 * number :], strict=False))


@pytest.mark.parametrize("size", [1, 3 * CHUNK // 4, 3 * CHUNK // 4 + 1, 10_000])
def test_kitty_gets_the_file_in_chunks(size: int) -> None:
    """ "The first escape code must have the other control codes as well ... m=1 ... the last chunk m=0"."""
    png = Random(size).randbytes(size)
    graphic = encode_kitty(png, CELLS)
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", graphic.drawn)
    assert "".join(f"\x1b_G{control};{data}\x1b\\" for control, data in chunks) == graphic.drawn
    assert b64decode("".join(data for _, data in chunks)) == png
    assert all(len(data) <= CHUNK for _, data in chunks)
    first, *others = [dict(pair.split("=") for pair in control.split(",")) for control, _ in chunks]
    assert {"a": "T", "f": "100", "c": "3", "r": "2", "C": "1", "q": "2"}.items() <= first.items()
    assert [each["m"] for each in (first, *others)] == ["1"] * len(others) + ["0"]
    assert f"i={first['i']}" in graphic.erased
