"""Transfers of files: uploads, offered files, and pictures to be shown."""

import socket
from collections.abc import Callable
from pathlib import Path

from greenchat.client.state.network import Buffer, ClientNetwork
from greenchat.client.text.style import Graphic
from greenchat.records import record

MOST_OFFERS = 20
OpenConnection = Callable[[str, int], socket.socket]  # host and port


class TransferError(Exception):
    """A transfer failed; the text is the reason, for the user."""


@record(frozen=True, slots=True)
class Offer:
    """A file offered by DCC SEND. size: bytes, 0 if unknown."""

    network: ClientNetwork
    nick: str
    name: str
    host: str
    port: int
    size: int = 0


@record(frozen=True, slots=True)
class Upload:
    """An upload to the server. buffer: the window for its link. url: the upload address."""

    network: ClientNetwork
    buffer: Buffer
    path: Path
    url: str


@record(frozen=True, slots=True)
class Picture:
    """A requested picture, scaled down for the screen.

    pixels: red, green and blue of each, a byte each, row by row; two of them, one above the other, are a cell. title:
    for the user. graphic: the same for terminals with graphics.
    """

    title: str
    width: int
    height: int
    pixels: bytes
    graphic: Graphic | None = None

    def colour(self, column: int, row: int) -> int:
        """Return a pixel as 0xRRGGBB."""
        place = 3 * (row * self.width + column)
        return int.from_bytes(self.pixels[place : place + 3])


def in_words(size: int) -> str:
    """Return a readable number of bytes: `12 bytes`, `3.4 MB`."""
    for unit, bytes_ in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
