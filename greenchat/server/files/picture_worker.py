"""A process that handles one picture, with limits on memory and time, so that no picture can harm the server.

    python -m greenchat.server.files.picture_worker SOURCE CLEANED THUMBNAIL MILLIONS_OF_PIXELS

It writes the picture without metadata, upright, to CLEANED, and a thumbnail to THUMBNAIL if useful. It exits with 0, or
with REFUSED and the reason on standard error.
"""

import os
import resource
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from greenchat.server.files.picture_metadata import CLEANERS, PictureError

REFUSED = 3
THUMBNAIL_SIZE = (480, 320)
_FORMATS = (*CLEANERS, "AVIF")
_SMALL = 48 * 1024  # bytes of a picture that needs no thumbnail
_ORIENTATION = 0x0112  # EXIF
_FRAMES = 20  # times the pixels of one picture that all frames may have
_SECONDS = 20  # of processor time
_BASE = 768 << 20  # bytes of address space without a picture
_PER_PIXEL = 12  # bytes: for the decoded, the rotated, and the encoder's copy


def main(source: Path, cleaned: Path, thumbnail: Path, millions: int) -> None:
    """Clean the picture. Raises PictureError."""
    most = millions * 1_000_000
    _load_formats()
    Image.MAX_IMAGE_PIXELS = None  # we count ourselves
    try:
        with Image.open(source, formats=_FORMATS) as picture:
            size = picture.width * picture.height
            if size > most:
                raise PictureError(f"The picture has more than {millions} million pixels")
            _clean(picture, source, cleaned, most // size * _FRAMES)
        with Image.open(cleaned, formats=_FORMATS) as picture:
            _shrink(picture, cleaned, thumbnail)
    except UnidentifiedImageError as error:
        raise PictureError("The picture is damaged") from error
    except MemoryError as error:
        raise PictureError("The picture is too large") from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, ZeroDivisionError) as error:
        raise PictureError(f"The picture can't be read: {error}") from error


def _load_formats() -> None:
    """Load those of our formats that Pillow does not load by itself.

    For the first picture in one of them it would load all that it knows, forty, which took a third of the time.
    """
    for name in ("WebP", "Avif"):
        with suppress(ImportError):  # Pillow before 11.3 knows no AVIF
            import_module(f"PIL.{name}ImagePlugin")


def _clean(picture: Image.Image, source: Path, cleaned: Path, most_frames: int) -> None:
    form = picture.format or ""
    clean = CLEANERS.get(form)
    frames = getattr(picture, "n_frames", 1) if clean is None else 1
    if clean is not None:
        data, frames = clean(source.read_bytes())
        cleaned.write_bytes(data)
    if frames > most_frames:
        raise PictureError("The picture has too many frames for its size")
    upright = picture.getexif().get(_ORIENTATION, 1) == 1 or frames > 1
    if clean is not None and upright:
        return
    profile = picture.info.get("icc_profile")
    options: dict[str, object] = {"quality": 90} if form != "PNG" else {}
    if profile:
        options["icc_profile"] = profile
    if frames > 1:
        times = []
        for number in range(frames):
            picture.seek(number)
            picture.load()
            times.append(picture.info.get("duration", 0))
        picture.seek(0)
        picture.save(cleaned, form, save_all=True, duration=times, exif=b"", xmp=b"", **options)
        return
    turned = ImageOps.exif_transpose(picture)
    turned.info.clear()
    turned.save(cleaned, form, exif=b"", **options)


def _shrink(picture: Image.Image, cleaned: Path, thumbnail: Path) -> None:
    """Make the thumbnail, which also shows whether the picture can be decoded."""
    width, height = THUMBNAIL_SIZE
    is_small = picture.width <= width and picture.height <= height and cleaned.stat().st_size <= _SMALL
    picture.draft("RGB", (2 * width, 2 * height))  # JPEG can be decoded small
    picture.thumbnail(THUMBNAIL_SIZE)
    if not is_small:
        shown = picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGBA")
        shown.info.clear()
        shown.save(thumbnail, "WEBP", quality=75, exif=b"")


def _bound(millions: int) -> None:
    os.nice(10)
    memory = _BASE + millions * 1_000_000 * _PER_PIXEL
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _bound(int(sys.argv[4]))
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    except PictureError as error:
        sys.stderr.write(str(error))
        sys.exit(REFUSED)
