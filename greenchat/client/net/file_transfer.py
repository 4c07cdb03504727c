"""File transfers over connections of their own: uploads to the server by HTTP, downloads from users by DCC. Both
block.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from greenchat.client.irc.dcc import safe_name
from greenchat.client.state.transfers import Offer, OpenConnection, TransferError, in_words

SECONDS = 30.0  # for each step of the other side
MOST_SECONDS = 60.0  # for the whole transfer, in addition to the time of its bytes at the slowest rate
_SLOWEST = 2000  # bytes a second: a script must not wait for ever for a server that trickles bytes
_PIECE = 65536
_LOOK = 16_000_000  # bytes between two checks of the free disk space
_SPARE = 500_000_000  # bytes that stay free on the disk,
_SPARE_SHARE = 20  # ... but at most this fraction of it
_STATUS = {
    401: "you have to be logged in: /login",
    403: "permission denied",
    404: "the upload address is wrong",
    413: "the file is too large",
    415: "this type of file is not accepted",
    429: "too many uploads; try again later",
    507: "the server is out of disk space",
}


class NoRoomError(TransferError):
    """The file would fill the disk."""


def upload(path: Path, url: str, authorization: str, connect: OpenConnection) -> str:
    """Upload a file to a server, and return its URL there. Raises TransferError.

    connect: opens a connection, encrypted for https.
    """
    from http.client import HTTPConnection, HTTPException  # late: few users upload
    from mimetypes import guess_type
    from urllib.parse import quote, urljoin

    try:
        _, host, port, target = http_place(url)
    except ValueError:
        raise TransferError(f"its address for files, {url}, is not a valid URL") from None
    connection = HTTPConnection(host, port, timeout=SECONDS)
    headers = {
        "Content-Type": guess_type(path.name)[0] or "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
    } | ({"Authorization": authorization} if authorization else {})
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            headers["Content-Length"] = str(size)
            sock = connection.sock = connect(host, connection.port)
            sock.settimeout(SECONDS)
            with time_limit(sock, MOST_SECONDS + size / _SLOWEST):
                connection.request("POST", target, file, headers)
                answer = connection.getresponse()
                answer.read(_PIECE)
        link = urljoin(url, answer.getheader("Location", ""))
    except (OSError, HTTPException, ValueError) as error:
        raise TransferError(reason(error)) from error
    finally:
        connection.close()
    # "On success, servers MUST reply with a `201 Created` status code and with a `Location` header field"
    if answer.status != 201:
        raise TransferError(_STATUS.get(answer.status, f"it says {answer.status} {answer.reason}".rstrip()))
    if not link.startswith(("https://", "http://")) or not link.isprintable() or " " in link:
        raise TransferError("it did not give the file's address")
    return link


def fetch(offer: Offer, folder: Path, connect: OpenConnection) -> Path:
    """Download an offered file into a folder, under a free name. Raises TransferError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with connect(offer.host, offer.port) as connection:
            connection.settimeout(SECONDS)
            _require_room(folder, offer.size)
            path, descriptor = _new_file(folder, safe_name(offer.name))
            try:
                with open(descriptor, "wb") as file:
                    received = _receive(connection, offer.size, file.write, lambda: _require_room(folder))
            except NoRoomError:
                path.unlink(missing_ok=True)  # an incomplete file would only take disk space
                raise
    except OSError as error:
        raise TransferError(reason(error)) from error
    if offer.size and received < offer.size:
        raise TransferError(f"only {in_words(received)} of {in_words(offer.size)} arrived; they are in {path}")
    return path


def http_place(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host ("" for none), port and path of a URL. Raises ValueError."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    target = parts.path or "/"
    target = f"{target}?{parts.query}" if parts.query else target
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), target


@contextmanager
def time_limit(sock: socket.socket, seconds: float) -> Iterator[None]:
    """End a socket after so many seconds, however little arrives at a time: the block then raises TransferError in
    place of any other error.
    """
    end = time.monotonic() + seconds
    cutter = threading.Timer(seconds, _end, (sock,))
    cutter.daemon = True
    cutter.start()
    try:
        yield
    finally:
        cutter.cancel()
        if time.monotonic() >= end:
            raise TransferError(f"it takes longer than {seconds:.0f} seconds")


def _end(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not that of TLS, which belongs to the other thread


def reason(error: Exception) -> str:
    """Return the reason of a failed transfer, for the user."""
    return getattr(error, "strerror", None) or str(error) or "the connection was cut"


def _require_room(folder: Path, size: int = 0) -> None:
    """Check that so many more bytes leave some of the disk free. Raises NoRoomError."""
    import shutil  # late: it imports compressors

    disk = shutil.disk_usage(folder)
    if disk.free - size < min(_SPARE, disk.total // _SPARE_SHARE):
        raise NoRoomError(f"not enough disk space: {in_words(disk.free)} are free")


def _receive(connection: socket.socket, size: int, write: Callable[[bytes], object], look: Callable[[], object]) -> int:
    """Receive at most `size` bytes (0: until the end), and acknowledge the total after each piece.

    look: called now and then; raises NoRoomError if there is no room for more. Raises TimeoutError below the lowest
    rate.
    """
    received = looked = 0
    slow = time.monotonic() + MOST_SECONDS
    while not size or received < size:
        data = connection.recv(min(_PIECE, size - received) if size else _PIECE)
        if not data:
            break
        write(data)
        received += len(data)
        if time.monotonic() > slow + received / _SLOWEST:
            raise TimeoutError("the transfer is too slow")
        if received - looked >= _LOOK:
            looked = received
            look()
        # "acknowledge the number of bytes received, as a 32-bit unsigned integer in network byte order"
        connection.sendall(struct.pack("!I", received & 0xFFFFFFFF))
    return received


def _new_file(folder: Path, name: str) -> tuple[Path, int]:
    """Create a file of this name, with a number before its extension if it exists already; only the user can read
    it.
    """
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    for number in range(1, 1000):
        path = folder / (name if number == 1 else f"{stem} {number}{ending}")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(f"too many files are named {name}")
