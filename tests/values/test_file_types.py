"""The type of a file by its content."""

import pytest

from greenchat.values.file_types import SNIFFED, file_type


@pytest.mark.parametrize(
    ("head", "name", "is_shown"),
    [
        (b"", "text/plain; charset=utf-8", False),
        (b"hello", "text/plain; charset=utf-8", False),
        (b"<script>alert(1)</script>", "text/plain; charset=utf-8", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain; charset=utf-8", False),
        (("\u20ac" * 2000).encode()[:SNIFFED], "text/plain; charset=utf-8", False),
        (b"caf\xe9", "application/octet-stream", False),
        (b"a\0b", "application/octet-stream", False),
        (b"\x7fELF\x02\x01\x01", "application/octet-stream", False),
        (b"MZ\x90\0\x03", "application/octet-stream", False),
        (b"%PDF-1.7\n", "application/pdf", False),
        (b"PK\x03\x04\x14\0", "application/zip", False),
        (b"\x1f\x8b\x08\0", "application/gzip", False),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", True),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", True),
        (b"GIF87a", "image/gif", True),
        (b"GIF89a<script>", "image/gif", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", True),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", True),
        (b"RIFF\0\0\0\0AVI LIST", "application/octet-stream", False),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "image/avif", True),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "application/octet-stream", False),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video/mp4", True),
        (b"\0\0\0\x20ftypM4A \0\0\2\0", "audio/mp4", True),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm", True),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", "application/octet-stream", False),
        (b"OggS\0\2" + b"\0" * 22 + b"\x01\x1eOpusHead", "audio/ogg", True),
        (b"OggS\0\2" + b"\0" * 22 + b"\x01\x2a\x80theora", "video/ogg", True),
        (b"fLaC\0\0\0\x22", "audio/flac", True),
        (b"ID3\x04\0\0", "audio/mpeg", True),
        (b"\xff\xfb\x90\x64", "audio/mpeg", True),
    ],
)
def test_by_content(head: bytes, name: str, is_shown: bool) -> None:
    kind = file_type(head)
    assert (kind.name, kind.is_shown) == (name, is_shown)
    assert not kind.is_picture or kind.is_shown
