"""Files over connections of their own: uploaded to the server by HTTP, fetched from somebody by DCC. Both block."""

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from greenchat.client.irc.dcc import safe_name
from greenchat.client.state.transfers import Offer, in_words

SECONDS = 30.0  # for each step of the other side
_PIECE = 65536
_STATUS = {
    401: "it wants you to be logged in: /login",
    403: "it does not let you",
    404: "it takes no files there",
    413: "the file is too large",
    415: "it takes no files of this kind",
    429: "that was too often; later",
    507: "it has no room left",
}
Connect = Callable[[str, int], socket.socket]  # host and port


class TransferError(Exception):
    """The file did not get there; the text says why, in words for the user."""


def upload(path: Path, url: str, authorization: str, connect: Connect) -> str:
    """Send a file to a server, and return the address that it has there. Raises TransferError.

    connect: opens a connection, encrypted where the URL is one of https.
    """
    from http.client import HTTPConnection, HTTPException  # late: few upload anything
    from mimetypes import guess_type
    from urllib.parse import quote, urljoin, urlsplit

    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = HTTPConnection(host, parts.port or (443 if parts.scheme == "https" else 80), timeout=SECONDS)
    headers = {
        "Content-Type": guess_type(path.name)[0] or "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
    } | ({"Authorization": authorization} if authorization else {})
    target = parts.path or "/"
    try:
        with path.open("rb") as file:
            headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
            connection.sock = connect(host, connection.port)
            connection.sock.settimeout(SECONDS)
            connection.request("POST", f"{target}?{parts.query}" if parts.query else target, file, headers)
            answer = connection.getresponse()
            answer.read(_PIECE)
    except (OSError, HTTPException, ValueError) as error:
        raise TransferError(getattr(error, "strerror", None) or str(error) or "the connection was cut") from error
    finally:
        connection.close()
    link = urljoin(url, answer.getheader("Location", ""))
    # "On success, servers MUST reply with a `201 Created` status code and with a `Location` header field"
    if answer.status != 201:
        raise TransferError(_STATUS.get(answer.status, f"it says {answer.status} {answer.reason}".rstrip()))
    if not link.startswith(("https://", "http://")) or not link.isprintable() or " " in link:
        raise TransferError("it does not say where the file is")
    return link


def fetch(offer: Offer, folder: Path, connect: Connect) -> Path:
    """Fetch an offered file into a folder, under a name that is free there. Raises TransferError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with connect(offer.host, offer.port) as connection:
            connection.settimeout(SECONDS)
            path, descriptor = _new_file(folder, safe_name(offer.name))
            with open(descriptor, "wb") as file:
                received = _receive(connection, offer.size, file.write)
    except OSError as error:
        raise TransferError(getattr(error, "strerror", None) or str(error) or "the connection was cut") from error
    if offer.size and received < offer.size:
        raise TransferError(f"only {in_words(received)} of {in_words(offer.size)} came; they are in {path}")
    return path


def _receive(connection: socket.socket, size: int, write: Callable[[bytes], object]) -> int:
    """Take at most `size` bytes (0: all that come), and tell the other side after each piece how many they were."""
    received = 0
    while not size or received < size:
        data = connection.recv(min(_PIECE, size - received) if size else _PIECE)
        if not data:
            break
        write(data)
        received += len(data)
        # "acknowledge the number of bytes received, as a 32-bit unsigned integer in network byte order"
        connection.sendall(struct.pack("!I", received & 0xFFFFFFFF))
    return received


def _new_file(folder: Path, name: str) -> tuple[Path, int]:
    """Make a file of this name, with a number before its ending where there is one already; only the user reads it."""
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    for number in range(1, 1000):
        path = folder / (name if number == 1 else f"{stem} {number}{ending}")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(f"{name} is there too often")
