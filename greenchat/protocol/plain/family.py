"""The families of plain clients, and a client's output style, shared by its reading and writing side."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

PROMPT = b"NICK"  # prompted programs wait for it, alone in a recv()

GRACE = 400  # ms of silence before the prompt
VERB_WAIT = 2000  # ms of waiting for the newline after an IRC verb
REST_WAIT = 60  # ms that a chunk which seems cut off waits for its rest
HOLD = 500  # ms after the name in which a raw client gets nothing, while its window opens
GAP = 30  # ms between two writes to a client for which each recv() is a message
QUICK = 150  # ms within which only a program that had its name ready answers the prompt
LINGER = 200  # ms between the last text and the reset
PROMPT_TIMEOUT = 10 * 60_000  # ms that a dialog that asks for a name may stay open

CHUNK_LIMIT = 1000  # bytes in one write: such programs call recv(1024)
NAME_LIMIT = 16 * 1024  # bytes without an end that are too long for a name
TEXT_LIMIT = 16 * 1024  # bytes without an end after which the text so far is passed on


class Family(Enum):
    """A family of client programs.

    line: `nc` or telnet, lines both ways, shows what its user types.
    raw: a recv() is a text; begins its messages with its own name; shows only what it receives.
    tilde: a recv() is `who~text`; sends bare text; shows only what it receives.
    """

    LINE = auto()
    RAW = auto()
    TILDE = auto()


class PromptTime(Enum):
    """The moment at which a listener asks for the name: after the grace, at once, or (tilde family) never."""

    GRACE = auto()
    NOW = auto()
    NEVER = auto()


@dataclass(slots=True, eq=False)
class OutputStyle:
    """The form of a client's output. `Dialect` updates it, `Pacer` applies it.

    newline: raw only, whether messages end in one. ascii: whether only ASCII may be sent; ascii_only: for good.
    hold_until: nothing is written before that time.
    """

    family: Family = Family.LINE
    newline: bool = True
    ascii: bool = False
    hold_until: int = 0
    ascii_only: bool = False

    def dump(self) -> list[Any]:
        """Return it as plain values."""
        return [self.family.name, self.newline, self.ascii, self.hold_until, self.ascii_only]

    @classmethod
    def load(cls, form: Sequence[Any]) -> "OutputStyle":
        """Return the style that was dumped."""
        family, newline, is_ascii, hold_until, ascii_only = form
        return cls(Family[family], newline, is_ascii, hold_until, ascii_only)

    @property
    def echo(self) -> bool:
        """Whether the speaker's own message must be sent back, because nothing else shows it."""
        return self.family is not Family.LINE
