"""Pictures lose their metadata and keep their pixels, and a decompression bomb of any kind ends its own process
only.
"""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from greenchat.server.files.picture_metadata import CLEANERS, PictureError
from greenchat.server.files.pictures import clean
from tests.server.process import ROOT

SECRET = "Rue Secrete 7, 75001 Paris"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>{SECRET}</rdf></x:xmpmeta>'.encode()
SIZE = (900, 600)


def drawn(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Return a picture with a different colour in each corner, which shows whether it was turned."""
    return Image.linear_gradient("L").resize(size).rotate(30).convert(mode)


def exif(orientation: int = 1) -> bytes:
    made = Image.Exif()
    made[0x010E] = SECRET  # ImageDescription
    made[0x0112] = orientation
    made.get_ifd(0x8825)[0x001B] = SECRET  # GPSProcessingMethod
    return made.tobytes()


def written(form: str, orientation: int = 1, **options: object) -> bytes:
    file = io.BytesIO()
    given: dict[str, object] = {"exif": exif(orientation), "xmp": XMP}
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Author", SECRET)
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        info.add_text("Comment", SECRET, zip=True)
        given = {"exif": exif(orientation), "pnginfo": info}
    elif form == "GIF":
        given = {"comment": SECRET.encode()}
    elif form == "JPEG":
        given["comment"] = SECRET.encode()
    drawn("RGB" if form != "GIF" else "P").save(file, form, **given | options)
    return file.getvalue()


def cleaned(data: bytes, folder: Path, millions: int = 10) -> tuple[bytes, Path | None]:
    source = folder / "source"
    source.write_bytes(data)
    path, thumbnail = clean(source, millions)
    return path.read_bytes(), thumbnail


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_metadata_is_removed(form: str, tmp_path: Path) -> None:
    before = written(form)
    if form != "PNG":
        assert SECRET.encode() in before
    after, thumbnail = cleaned(before + b"PK\x03\x04 " + SECRET.encode(), tmp_path)
    assert SECRET.encode() not in after
    with Image.open(io.BytesIO(after)) as picture:
        picture.load()
        assert picture.size == SIZE
        assert not picture.getexif()
        assert not {"exif", "xmp", "comment", "Author", "Comment", "XML:com.adobe.xmp"} & picture.info.keys()
        if form != "AVIF":
            with Image.open(io.BytesIO(before)) as original:
                same = ImageChops.difference(original.convert("RGB"), picture.convert("RGB")).getbbox() is None
                assert same, "the pixels are unchanged"
    assert thumbnail
    with Image.open(thumbnail) as small:
        assert small.format == "WEBP"
        assert small.size == (480, 320)
    assert SECRET.encode() not in thumbnail.read_bytes()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_orientation_is_applied(form: str, tmp_path: Path) -> None:
    after, thumbnail = cleaned(written(form, orientation=6), tmp_path)
    with Image.open(io.BytesIO(after)) as picture:
        assert picture.size == (SIZE[1], SIZE[0])
        assert picture.getexif().get(0x0112, 1) == 1
    assert SECRET.encode() not in after
    assert thumbnail
    with Image.open(thumbnail) as small:
        assert small.width < small.height


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animations_keep_their_frames(form: str, tmp_path: Path) -> None:
    frames = [drawn("RGB", (64, 64)).rotate(30 * turn) for turn in range(5)]
    file = io.BytesIO()
    frames[0].save(file, form, save_all=True, append_images=frames[1:], duration=70, loop=0)
    after, _ = cleaned(file.getvalue(), tmp_path)
    with Image.open(io.BytesIO(after)) as picture:
        assert getattr(picture, "n_frames", 1) == 5
        picture.seek(1)
        picture.load()
        assert picture.info.get("duration") == 70


def test_the_colour_profile_is_kept(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for form in ("JPEG", "PNG", "WEBP"):
        for orientation in (1, 6):
            after, _ = cleaned(written(form, orientation, icc_profile=profile), tmp_path)
            with Image.open(io.BytesIO(after)) as picture:
                assert picture.info["icc_profile"] == profile, form


def test_a_small_picture_has_no_thumbnail(tmp_path: Path) -> None:
    file = io.BytesIO()
    drawn(size=(100, 100)).save(file, "PNG")
    assert cleaned(file.getvalue(), tmp_path)[1] is None


def png(width: int, height: int, data: bytes, *between: tuple[bytes, bytes]) -> bytes:
    """Return a grey PNG with this compressed data, valid or not."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), *between, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def zeroes(count: int) -> bytes:
    """Return compressed zeroes, made from repeated blocks of a million: to compress them all takes a second."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = packer.compress(b"\0" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    sum_of_zeroes = (count % 65521) << 16 | 1  # RFC 1950, section 8.2
    return b"\x78\xda" + block * (count // 1_000_000) + b"\x03\0" + struct.pack(">I", sum_of_zeroes)


def gif(frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 5000, 1000, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HH", 5000, 1000) + b"\x80\0\0" + b"\0" * 6 + frame * frames + b"\x3b"


SMALL = zlib.compress(b"\0" * 110)
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {  # made when the test runs
    "wide": (lambda: png(60_000, 60_000, zeroes(1_000_000)), "more than 10 million pixels"),
    "just too wide": (lambda: png(10_001, 1000, zeroes(1_000_000)), "more than 10 million pixels"),
    "packed text": (
        lambda: png(10, 10, SMALL, (b"zTXt", b"Comment\0\0" + zeroes(300_000_000))),
        "Decompressed data too large",
    ),
    "packed profile": (
        lambda: png(10, 10, SMALL, (b"iCCP", b"x\0\0" + zeroes(300_000_000))),
        "Decompressed data too large",
    ),
    "frames": (lambda: gif(50_000), "too many frames"),
    "no end of blocks": (lambda: gif(1)[:-1] + b"\x21\xfe" + b"\xff" * 2000, "not complete"),
    "no end": (lambda: written("JPEG")[:-300], "not complete"),
    "only a head": (lambda: b"\xff\xd8\xff", "damaged"),
    "huge JPEG": (
        lambda: (
            b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c\x03"
            b"\x01\0\x02\x11\x03\x11\0\x3f\0\xff\xd9"
        ),
        "million pixels",
    ),
    "huge WebP": (
        lambda: b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\xff\xff\xff\xff\xff\xff" + b"VP8 \0\0\0\0",
        "can't be read",
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_decompression_bombs(kind: str, tmp_path: Path) -> None:
    """The picture is refused with a reason of one line."""
    made, reason = BOMBS[kind]
    with pytest.raises(PictureError, match=reason) as caught:
        cleaned(made(), tmp_path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("form", CLEANERS)
def test_a_truncated_picture_is_refused_or_clean(form: str) -> None:
    data = written(form)
    for cut in range(0, len(data), max(1, len(data) // 400)):
        try:
            after, _ = CLEANERS[form](data[:cut])
        except PictureError:
            continue
        assert SECRET.encode() not in after


def test_a_format_costs_only_its_own_code(tmp_path: Path) -> None:
    """Not that of all formats that Pillow knows: it took a third of the time, and each has holes of its own."""
    (tmp_path / "source").write_bytes(written("WEBP"))
    words = [str(tmp_path / name) for name in ("source", "cleaned", "thumbnail")]
    command = [sys.executable, "-X", "importtime", "-m", "greenchat.server.files.picture_worker", *words, "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "PIL._webp" in done.stderr
    assert "PIL.DdsImagePlugin" not in done.stderr
