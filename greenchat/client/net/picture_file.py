"""Pictures for the screen: fetched by HTTP or read from a file, and scaled down. All functions block.

Bytes, pixels, time and redirects are limited. Needs Pillow (the extra `pictures`).
"""

import time
from collections.abc import Callable
from io import BytesIO
from math import ceil
from pathlib import Path

from greenchat.client.net.file_transfer import MOST_SECONDS, SECONDS, http_place, reason, time_limit
from greenchat.client.state.paths import typed_path
from greenchat.client.state.transfers import OpenConnection, Picture, TransferError, in_words
from greenchat.client.text.style import Graphics, Size

MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000
_MOST_REDIRECTS = 3
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
_PIECE = 65536
_HALF_BLOCKS = Size(2, 1)  # pixels of a cell that text draws
_TEXT = Graphics()
_USUAL_CELL = Size(20, 10)  # kitty scales pictures


def load(
    source: str,
    area: Size,
    connector: Callable[[bool], OpenConnection],
    graphics: Callable[[], Graphics] = Graphics,
) -> Picture:
    """Return the picture at a URL or in a file, for so many cells. Raises TransferError.

    connector: returns a function that opens a connection, encrypted if it is given True. graphics: returns how the
    terminal draws pictures; it may take a moment.
    """
    data = _fetched(source, connector) if "://" in source else _read(typed_path(source))
    name = source.partition("?")[0].rstrip("/").rpartition("/")[2] or source
    return decode(data, name, area, graphics())


def decode(data: bytes, name: str, area: Size, graphics: Graphics = _TEXT) -> Picture:
    """Decode a picture from the bytes of a file. Raises TransferError."""
    try:
        from PIL import Image, ImageOps  # late, and in a thread: rarely needed

        from greenchat.client.net.pixels import graphic
    except ImportError as error:
        raise TransferError("pictures need Pillow: pip install 'greenchat[pictures]'") from error
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            wide, high = image.size
            if wide * high > MOST_PIXELS:
                raise TransferError(f"it is too large ({wide}x{high})")
            cell = (graphics.cell or _USUAL_CELL) if graphics.any else _HALF_BLOCKS
            room = max(1, area.columns) * cell.columns, max(1, area.rows) * cell.rows
            image.draft("RGB", room)
            turned = ImageOps.exif_transpose(image).convert("RGBA")
            turned.thumbnail(room)
            shown = Image.new("RGBA", turned.size, "black")
            shown.alpha_composite(turned)
            fine, title = shown.convert("RGB"), f"{name}, {wide}x{high}"
            if not graphics.any:
                return Picture(title, *fine.size, fine.tobytes())
            cells = Size(ceil(fine.height / cell.rows), ceil(fine.width / cell.columns))
            rough = fine.resize((cells.columns, 2 * cells.rows))
            return Picture(title, *rough.size, rough.tobytes(), graphic(fine, cells, graphics))
    except TransferError:
        raise
    except Exception as error:  # Pillow raises all kinds of errors for broken files
        raise TransferError("not a picture in a supported format") from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TransferError(f"it is larger than {in_words(MOST_BYTES)}")
        return path.read_bytes()
    except OSError as error:
        raise TransferError(reason(error)) from error


def _fetched(url: str, connector: Callable[[bool], OpenConnection]) -> bytes:
    end = time.monotonic() + MOST_SECONDS
    for _ in range(_MOST_REDIRECTS + 1):
        result = _get(url, connector, end)
        if isinstance(result, bytes):
            return result
        url = result
    raise TransferError("too many redirects")


def _get(url: str, connector: Callable[[bool], OpenConnection], end: float) -> bytes | str:
    """Return the picture at a URL, or the URL that it redirects to. Raises TransferError.

    end: the time limit, in seconds of the monotonic clock, however little arrives at a time.
    """
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urljoin

    try:
        scheme, host, port, target = http_place(url)
    except ValueError:
        host = ""
    if not host or scheme not in ("http", "https"):
        raise TransferError(f"{url} is not a valid address")
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        sock = connection.sock = connector(scheme == "https")(host, port)
        sock.settimeout(SECONDS)
        with time_limit(sock, end - time.monotonic()):
            connection.request("GET", target, headers={"Accept": "image/*"})
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308) and answer.getheader("Location"):
                return urljoin(url, answer.getheader("Location", ""))
            if answer.status != 200:
                raise TransferError(f"the server says {answer.status} {answer.reason}".rstrip())
            kind = answer.getheader("Content-Type", "").partition(";")[0].strip()
            if not kind.startswith("image/"):
                raise TransferError(f"it is not a picture but {kind or 'something else'}")
            return _body(answer.read)
    except (OSError, HTTPException, ValueError) as error:
        raise TransferError(reason(error)) from error
    finally:
        connection.close()


def _body(read: Callable[[int], bytes]) -> bytes:
    """Return the whole body, in pieces."""
    body = bytearray()
    while data := read(_PIECE):
        body += data
        if len(body) > MOST_BYTES:
            raise TransferError(f"it is larger than {in_words(MOST_BYTES)}")
    return bytes(body)
