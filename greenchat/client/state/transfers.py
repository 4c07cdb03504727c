"""Files on their way: those that the user uploads, those that somebody offers, and pictures to be shown."""

import socket
from collections.abc import Callable
from pathlib import Path

from greenchat.client.state.network import Buffer, ClientNetwork
from greenchat.client.text.style import Graphic
from greenchat.records import record

MOST_OFFERS = 20
OpenConnection = Callable[[str, int], socket.socket]  # host and port


class TransferError(Exception):
    """The file did not get there; the text says why, in words for the user."""


@record(frozen=True, slots=True)
class Offer:
    """A file that somebody offers over a connection of their own (DCC SEND). size: bytes, 0 if they do not say."""

    network: ClientNetwork
    nick: str
    name: str
    host: str
    port: int
    size: int = 0


@record(frozen=True, slots=True)
class Upload:
    """A file for the server to keep. buffer: where its link is to be said. url: where it goes."""

    network: ClientNetwork
    buffer: Buffer
    path: Path
    url: str


@record(frozen=True, slots=True)
class Picture:
    """A picture that the user has asked to see, small enough for the screen.

    pixels: red, green and blue of each, a byte each, row by row; two of them, one above the other, are a cell. title:
    what it is, for people. graphic: the same for a terminal that draws finer ones.
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
    """Return a number of bytes for people: `12 bytes`, `3.4 MB`."""
    for unit, bytes_ in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
