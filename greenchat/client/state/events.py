"""Events of the client, one small class each. Everything the console does begins with one of these.

They are not frozen, though never changed: frozen dataclasses would take twice as long at each start.
"""

from greenchat.client.state.credentials import Credentials
from greenchat.client.text.style import Size
from greenchat.protocol.message import Message
from greenchat.records import record


@record(slots=True)
class Connected:
    """The connection to the server is established (and its certificate, if any, was valid)."""


@record(slots=True)
class Received:
    """The server sent a message."""

    message: Message


@record(slots=True)
class Recoded:
    """The server sent a line that is not UTF-8; it was read as Windows-1252."""

    message: Message


@record(slots=True)
class InvalidLine:
    """The server sent a line that is not a valid message."""

    reason: str


@record(slots=True)
class Disconnected:
    """The connection ended or failed; the reason is for the user."""

    reason: str


@record(slots=True)
class Untrusted:
    """The server's certificate can't be verified, and the connection ends. fingerprint: SHA-256 in hex."""

    fingerprint: str
    reason: str


@record(slots=True)
class PasswordFound:
    """The user's password command gave these credentials; the connection is not started yet."""

    credentials: Credentials


@record(slots=True)
class PasswordNotFound:
    """The user's password command gave none; the reason is in plain words."""

    reason: str


NetworkEvent = (
    PasswordFound | PasswordNotFound | Connected | Received | Recoded | InvalidLine | Untrusted | Disconnected
)


@record(slots=True)
class KeyPressed:
    """A key by its name in the key table (`C-a`, `M-1`, `PgUp`), or the character that it types."""

    key: str


@record(slots=True)
class Pasted:
    """Text of the terminal's bracketed paste."""

    text: str


@record(slots=True)
class Resized:
    """The terminal has another size."""

    size: Size


@record(slots=True)
class Focused:
    """The terminal's window gained or lost the focus."""

    focused: bool


@record(slots=True)
class LineEntered:
    """A complete line, if the terminal edits lines, or of a script."""

    text: str


@record(slots=True)
class Clicked:
    """The left button was pressed on a cell, counted from 0 at the top left."""

    row: int
    column: int


@record(slots=True)
class Wheeled:
    """The wheel was turned over a cell, counted from 0 at the top left. key: its name in the key table."""

    key: str
    row: int
    column: int


@record(slots=True)
class CursorReported:
    """The terminal's answer with the position of the cursor, counted from 1."""

    row: int
    column: int


@record(slots=True)
class TerminalBackground:
    """The terminal says whether its background is light."""

    light: bool


@record(slots=True)
class Attributes:
    """The terminal's answer to DA1: the numbers of its features."""

    numbers: tuple[int, ...]


@record(slots=True)
class CellSize:
    """The terminal says how many pixels a cell has."""

    size: Size


@record(slots=True)
class DrawsPictures:
    """The terminal's answer to kitty's query for graphics. can: whether it supports them."""

    can: bool


TerminalAnswer = CursorReported | Attributes | CellSize | DrawsPictures
TerminalEvent = (
    TerminalAnswer | TerminalBackground | Clicked | Wheeled | KeyPressed | Pasted | Resized | Focused | LineEntered
)
