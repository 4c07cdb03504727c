"""Files on their way: those that the user uploads, and those that somebody offers."""

from pathlib import Path

from greenchat.client.state.network import Buffer, Network
from greenchat.records import record

MOST_OFFERS = 20


@record(frozen=True, slots=True)
class Offer:
    """A file that somebody offers over a connection of their own (DCC SEND). size: bytes, 0 if they do not say."""

    network: Network
    nick: str
    name: str
    host: str
    port: int
    size: int = 0


@record(frozen=True, slots=True)
class Upload:
    """A file for the server to keep. buffer: where its link is to be said. url: where it goes."""

    network: Network
    buffer: Buffer
    path: Path
    url: str


def in_words(size: int) -> str:
    """Return a number of bytes for people: `12 bytes`, `3.4 MB`."""
    for unit, bytes_ in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
