"""Detects the type of a file by its first bytes, never by its name, which the sender chooses.

Only passive types are shown by browsers in place; all others are downloaded. https://mimesniff.spec.whatwg.org/
"""

import re
from dataclasses import dataclass

SNIFFED = 4096  # bytes that are enough

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of uploaded files.

    name: the media type. suffix: of the address. is_shown: in place. is_picture: one that we know how to clean.
    """

    name: str
    suffix: str
    is_shown: bool = False
    is_picture: bool = False


_MP4 = FileType("video/mp4", "mp4", is_shown=True)
_M4A = FileType("audio/mp4", "m4a", is_shown=True)
_WEBM = FileType("video/webm", "webm", is_shown=True)
_WAV = FileType("audio/wav", "wav", is_shown=True)
_WEBP = FileType("image/webp", "webp", is_shown=True, is_picture=True)
_AVIF = FileType("image/avif", "avif", is_shown=True, is_picture=True)
_OGV = FileType("video/ogg", "ogv", is_shown=True)
_OGG = FileType("audio/ogg", "ogg", is_shown=True)
_TEXT = FileType("text/plain; charset=utf-8", "txt")
_OTHER = FileType("application/octet-stream", "bin")
_BEGINNINGS: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", FileType("image/jpeg", "jpg", is_shown=True, is_picture=True)),
    (b"\x89PNG\r\n\x1a\n", FileType("image/png", "png", is_shown=True, is_picture=True)),
    (b"GIF87a", FileType("image/gif", "gif", is_shown=True, is_picture=True)),
    (b"GIF89a", FileType("image/gif", "gif", is_shown=True, is_picture=True)),
    (b"fLaC", FileType("audio/flac", "flac", is_shown=True)),
    (b"ID3", FileType("audio/mpeg", "mp3", is_shown=True)),
    (b"\xff\xfb", FileType("audio/mpeg", "mp3", is_shown=True)),
    (b"\xff\xf3", FileType("audio/mpeg", "mp3", is_shown=True)),
    (b"\xff\xf2", FileType("audio/mpeg", "mp3", is_shown=True)),
    (b"%PDF-", FileType("application/pdf", "pdf")),
    (b"PK\x03\x04", FileType("application/zip", "zip")),
    (b"\x1f\x8b\x08", FileType("application/gzip", "gz")),
)
_BRANDS = {b"avif": _AVIF, b"avis": _AVIF, b"M4A ": _M4A, b"M4B ": _M4A} | dict.fromkeys(
    (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"), _MP4
)
KNOWN = {each.name: each for _, each in _BEGINNINGS} | {
    each.name: each for each in (_MP4, _M4A, _WEBM, _WAV, _WEBP, _AVIF, _OGV, _OGG, _TEXT, _OTHER)
}
"""All kinds, by media type."""


def file_type(head: bytes) -> FileType:
    """Return the type of a file. head: its first SNIFFED bytes, or all of it."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE"):
        return _WEBP if head[8:12] == b"WEBP" else _WAV
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], _OTHER)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _WEBM if b"webm" in head[:64] else _OTHER
    if head[:4] == b"OggS":
        return _OGV if b"theora" in head[:256] else _OGG
    return _TEXT if _is_text(head) else _OTHER


def _is_text(head: bytes) -> bool:
    if _CONTROLS.search(head):
        return False
    for cut in range(4):  # the last character may be cut
        try:
            head[: len(head) - cut].decode()
            return True
        except UnicodeDecodeError:
            if len(head) < SNIFFED:
                return False
    return False
