"""Removes metadata from pictures: place, camera, date, comments, names, and data after the end.

The pixels are not changed: only the parts of the file around them are parsed. Each function takes the whole file, and
returns it without these parts, and the number of its frames; it raises PictureError if the file is not such a picture.

JPEG: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1. PNG: https://www.w3.org/TR/png-3/#5Chunk-layout.
GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt. WebP: https://www.rfc-editor.org/rfc/rfc9649#section-2.
"""

from collections.abc import Callable

_PNG_KEPT = frozenset(
    (b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT").split()
)
_WEBP_KEPT = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_WEBP_METADATA = 0b0000_1100  # in the flags of VP8X: EXIF and XMP follow
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")  # how often a GIF repeats


class PictureError(Exception):
    """A refused picture; the text is the reason, for its sender."""


_BROKEN = "The picture is damaged"


def clean_jpeg(data: bytes) -> tuple[bytes, int]:
    """Return the picture with only JFIF, the colour profile, and Adobe's segment about colours."""
    pieces, offset = [data[:2]], 2
    while True:
        marker = _at(data, offset, 2)
        if marker[0] != 0xFF:
            raise PictureError(_BROKEN)
        kind = marker[1]
        if kind == 0xFF:  # "any marker may optionally be preceded by any number of fill bytes"
            offset += 1
            continue
        if kind == 0xD9:
            return b"".join([*pieces, marker]), 1
        length = int.from_bytes(_at(data, offset + 2, 2), "big")
        end = offset + 2 + length
        segment = _at(data, offset, 2 + length)
        if kind == 0xDA:
            end = _end_of_scan(data, end)
            pieces.append(data[offset:end])
        elif not (0xE0 <= kind <= 0xEF or kind == 0xFE) or _is_needed(kind, segment[4:]):
            pieces.append(segment)
        offset = end


def _is_needed(kind: int, content: bytes) -> bool:
    if kind == 0xE0:
        return content.startswith(b"JFIF\0")
    return content.startswith({0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}.get(kind, b"\0none"))


def _end_of_scan(data: bytes, offset: int) -> int:
    """Return the position of the next marker that does not belong to the scan."""
    while True:
        offset = data.find(b"\xff", offset)
        if offset < 0 or offset + 1 >= len(data):
            raise PictureError("The picture is not complete")
        following = data[offset + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return offset
        offset += 2


def clean_png(data: bytes) -> tuple[bytes, int]:
    """Return the picture with only the critical chunks, those about colours, and animation."""
    pieces, offset, frames = [data[:8]], 8, 0
    while True:
        length = int.from_bytes(_at(data, offset, 4), "big")
        kind = _at(data, offset + 4, 4)
        chunk = _at(data, offset, length + 12)
        if kind in _PNG_KEPT:
            pieces.append(chunk)
            frames += kind == b"fcTL"
        elif not kind[0] & 0x20:
            raise PictureError(_BROKEN)  # an unknown critical chunk
        if kind == b"IEND":
            return b"".join(pieces), max(frames, 1)
        offset += length + 12


def clean_gif(data: bytes) -> tuple[bytes, int]:
    """Return the picture with only frames, their timing, and repetition; without comments and text."""
    offset = 13 + _table(_at(data, 10, 1)[0])
    pieces, frames = [_at(data, 0, offset)], 0
    while True:
        kind = _at(data, offset, 1)
        if kind == b"\x3b":
            return b"".join([*pieces, kind]), max(frames, 1)
        if kind == b"\x2c":
            end = _end_of_blocks(data, offset + 11 + _table(_at(data, offset + 9, 1)[0]))
            frames += 1
            pieces.append(data[offset:end])
        elif kind == b"\x21":
            label, end = _at(data, offset + 1, 1)[0], _end_of_blocks(data, offset + 2)
            if label == 0xF9 or (label == 0xFF and data[offset + 3 : offset + 14] in _LOOPS):
                pieces.append(data[offset:end])
        else:
            raise PictureError(_BROKEN)
        offset = end


def _table(flags: int) -> int:
    """Return the bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _end_of_blocks(data: bytes, offset: int) -> int:
    while size := _at(data, offset, 1)[0]:
        offset += size + 1
    return offset + 1


def clean_webp(data: bytes) -> tuple[bytes, int]:
    """Return the picture with only pixels, transparency, animation, and the colour profile."""
    end = 8 + int.from_bytes(_at(data, 4, 4), "little")
    pieces, offset, frames = [], 12, 0
    while offset + 8 <= end:
        kind, length = _at(data, offset, 4), int.from_bytes(_at(data, offset + 4, 4), "little")
        chunk = _at(data, offset, 8 + length)
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_METADATA]) + chunk[9:]
        if kind in _WEBP_KEPT:
            pieces.append(chunk + b"\0" * (length & 1))
            frames += kind == b"ANMF"
        offset += 8 + length + (length & 1)
    body = b"WEBP" + b"".join(pieces)
    return b"RIFF" + len(body).to_bytes(4, "little") + body, max(frames, 1)


def _at(data: bytes, offset: int, count: int) -> bytes:
    part = data[offset : offset + count]
    if len(part) != count:
        raise PictureError("The picture is not complete")
    return part


CLEANERS: dict[str, Callable[[bytes], tuple[bytes, int]]] = {
    "JPEG": clean_jpeg,
    "PNG": clean_png,
    "GIF": clean_gif,
    "WEBP": clean_webp,
}
"""By the format's name in Pillow."""
