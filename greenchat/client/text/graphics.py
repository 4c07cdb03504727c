"""Pictures in pixels, for terminals that draw them: as sixels (DEC STD 070, 9) or by kitty's graphics protocol.

https://vt100.net/docs/vt3xx-gp/chapter14.html, https://sw.kovidgoyal.net/kitty/graphics-protocol/
"""

import re
from base64 import b64encode
from collections.abc import Iterator

from greenchat.client.text.style import Graphic, Size

CHUNK = 4096  # "the data must be chunked up into chunks no larger than 4096 bytes"
BAND = 6  # rows of pixels in one row of sixels
COLOURS = 64
_ID = 1  # of the one picture that is shown
_RUN = re.compile(rb"(.)\1{3,}", re.S)


def encode_kitty(png: bytes, cells: Size) -> Graphic:
    """Return a picture that the terminal scales to the cells."""
    data = b64encode(png).decode()
    chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
    # a=T transmits and shows, C=1 leaves the cursor where it is, q=2 suppresses all answers
    head = f"a=T,f=100,i={_ID},p=1,c={cells.columns},r={cells.rows},C=1,q=2,"
    parts = [
        f"\x1b_G{'' if number else head}m={int(number < len(chunks) - 1)};{chunk}\x1b\\"
        for number, chunk in enumerate(chunks)
    ]
    return Graphic("".join(parts), f"\x1b_Ga=d,d=I,i={_ID},q=2\x1b\\", cells)


def encode_sixels(width: int, indices: bytes, palette: bytes, cells: Size) -> Graphic:
    """Return a picture at its own size. indices: a colour of the palette for each pixel, row by row. palette: red,
    green and blue of each colour, a byte each.
    """
    height = len(indices) // width
    # P2=1 leaves unset pixels unchanged; the raster attributes declare square pixels, and their number
    parts = [f'\x1bP0;1q"1;1;{width};{height}']
    for number in sorted(set(indices)):
        red, green, blue = (round(part * 100 / 255) for part in palette[3 * number : 3 * number + 3])
        parts.append(f"#{number};2;{red};{green};{blue}")
    for top in range(0, height, BAND):
        rows = [indices[row * width : (row + 1) * width] for row in range(top, min(top + BAND, height))]
        parts.append("$".join(_band(rows, width)) + "-")
    return Graphic("".join(parts).removesuffix("-") + "\x1b\\", "", cells)


def _band(rows: list[bytes], width: int) -> Iterator[str]:
    """Yield one row of sixels, a colour at a time."""
    for number in sorted(set(b"".join(rows))):
        bits = 0
        for place, row in enumerate(rows):
            table = bytearray(256)
            table[number] = 1 << place
            bits |= int.from_bytes(row.translate(table), "big")
        sixels = bits.to_bytes(width, "big").translate(_PRINTED)
        yield f"#{number}{_RUN.sub(_repeated, sixels.rstrip(b'?')).decode()}"


_PRINTED = bytes((63 + bits) & 0xFF for bits in range(256))


def _repeated(run: re.Match[bytes]) -> bytes:
    return b"!%d%b" % (len(run[0]), run[1])
