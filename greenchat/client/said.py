"""What was said, by whom, and what waits to be said: the values that buffers are made of."""

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a line in a buffer is."""

    SAID = auto()
    ACTION = auto()
    NOTICE = auto()
    EVENT = auto()  # someone joined, left, changed a mode
    INFO = auto()  # an answer to the user
    ERROR = auto()


TALK = frozenset({Kind.SAID, Kind.ACTION, Kind.NOTICE})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, before any wrapping.

    time: milliseconds since the epoch. prefix: the speaker's highest rank, like `@`. id: the message's msgid or "".
    """

    time: int
    kind: Kind
    text: str
    nick: str = ""
    prefix: str = ""
    own: bool = False
    highlight: bool = False
    id: str = ""
    reply: str = ""  # the msgid of the message that it replies to
    quote: str = ""  # that message in one line
    change: str = ""  # CAME or WENT, where the line may be drawn together with others of its kind


CAME, WENT = "came", "went"


@dataclass(slots=True, eq=False)
class Member:
    """Someone in a channel. spoke: milliseconds since the epoch, 0 for never."""

    nick: str
    prefixes: str = ""
    user: str = ""
    host: str = ""
    account: str = ""
    realname: str = ""
    away: bool = False
    spoke: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something the user said that the server has not confirmed.

    id: what it is known under wherever it is sent, "" without one. label: "" before it was sent.
    reply: the msgid of what it replies to.
    maybe: it was sent on a connection that broke before the server confirmed it.
    """

    text: str
    kind: Kind
    time: int
    label: str = ""
    maybe: bool = False
    id: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a buffer that is scrolled back ends: at line number `line`, its last `hidden` rows below the edge."""

    line: int
    hidden: int = 0


def mentions(text: str, nick: str) -> bool:
    """Is this nick in the text as a word of its own?"""
    return (
        bool(nick)
        and re.search(rf"(?<![\w\-\[\]\\^{{}}|`]){re.escape(nick)}(?![\w\-\[\]\\^{{}}|`])", text, re.I) is not None
    )
