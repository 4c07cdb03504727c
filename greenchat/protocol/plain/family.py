"""The families of plain clients, and what is known of one client: shared by its reading and its writing side."""

from dataclasses import dataclass
from enum import Enum, auto

PROMPT = b"NICK"  # what prompted programs wait for, alone in a recv()

GRACE = 400  # ms of silence before the prompt
VERB_WAIT = 2000  # ms that what looks like IRC has for its newline
REST_WAIT = 60  # ms that a chunk which seems cut off waits for its rest
HOLD = 500  # ms after the name in which a raw client gets nothing: its window is opening
GAP = 30  # ms between two writes to a client for which a recv() is a message
QUICK = 150  # ms within which only a program that had its name ready answers the prompt
LINGER = 200  # ms between the last text and the reset
PROMPT_TIMEOUT = 10 * 60_000  # ms that a dialog that asks for a name may stay open

CHUNK_LIMIT = 1000  # bytes in one write: their recv() takes 1024
NAME_LIMIT = 16 * 1024  # bytes without an end after which nobody can call it a name
TEXT_LIMIT = 16 * 1024  # bytes without an end after which a text is passed on as far as it came


class Family(Enum):
    """A family of client programs.

    line: `nc` or telnet, lines both ways, shows what its user types.
    raw: a recv() is a text; begins its messages with its own name; shows only what it receives.
    tilde: a recv() is `who~text`; sends bare text; shows only what it receives.
    """

    LINE = auto()
    RAW = auto()
    TILDE = auto()


class Prompt(Enum):
    """The moment at which a listener asks for the name: after the grace, at once, or (tilde family) never."""

    GRACE = auto()
    NOW = auto()
    NEVER = auto()


@dataclass(slots=True, eq=False)
class Style:
    """The form in which a client wants its bytes. `Dialect` changes it as it learns, `Pacer` obeys it.

    newline: raw only, whether messages end in one. ascii: nothing else may be sent; ascii_only: and that is for good.
    hold_until: nothing is written before that time.
    """

    family: Family = Family.LINE
    newline: bool = True
    ascii: bool = False
    hold_until: int = 0
    ascii_only: bool = False

    @property
    def echo(self) -> bool:
        """Whether the speaker's own message must come back, because nothing else shows it."""
        return self.family is not Family.LINE
