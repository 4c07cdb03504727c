"""What was said, by whom, and what waits to be said: the values that buffers are made of."""

import re
from enum import Enum, auto

from greenchat.records import record


class LineKind(Enum):
    """The kind of a line in a buffer."""

    SAID = auto()
    ACTION = auto()
    NOTICE = auto()
    EVENT = auto()  # someone joined, left, changed a mode
    INFO = auto()  # an answer to the user
    ERROR = auto()


TALK = frozenset({LineKind.SAID, LineKind.ACTION, LineKind.NOTICE})


@record(frozen=True, slots=True)
class Line:
    """An event in a buffer, before any wrapping.

    time: milliseconds since the epoch. prefix: the speaker's highest rank, like `@`. id: the message's msgid or "".
    """

    time: int
    kind: LineKind
    text: str
    nick: str = ""
    prefix: str = ""
    own: bool = False
    highlight: bool = False
    id: str = ""
    reply: str = ""  # the msgid of the message that it replies to
    quote: str = ""  # that message in one line
    change: str = ""  # CAME or WENT if the line may be merged with similar ones
    here: bool = False  # the user said it in this client, in this session


CAME, WENT = "came", "went"


@record(slots=True, eq=False)
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


@record(frozen=True, slots=True)
class PendingMessage:
    """Something the user said that the server has not confirmed.

    id: what it is known under wherever it is sent, "" without one. label: "" before it was sent.
    reply: the msgid of what it replies to.
    maybe: it was sent on a connection that broke before the server confirmed it.
    """

    text: str
    kind: LineKind
    time: int
    label: str = ""
    maybe: bool = False
    id: str = ""
    reply: str = ""


@record(slots=True)
class Page:
    """Some history that was asked for.

    command: the subcommand of CHATHISTORY. limit: how many messages at most. older: than all that is here, up to the
    beginning. gap: the id of the line behind the gap that it is to fill. first: the id of the earliest line of it, and
    first_new: is it one that we did not have?
    new: how many such lines have come. before: the id of the line that was said after all of it.
    """

    command: str
    limit: int
    older: bool = False
    gap: str = ""
    before: str = ""
    first: str = ""
    first_new: bool = False
    new: int = 0

    def came(self, line: Line, *, new: bool) -> None:
        """Note an arrived line; lines arrive in the order in which they were said."""
        if not self.first:
            self.first = line.id
            self.first_new = new
        self.new += new


@record(frozen=True, slots=True)
class Anchor:
    """The end of a buffer that is scrolled back: line number `line`, its last `hidden` rows below the edge."""

    line: int
    hidden: int = 0


def words(text: str) -> list[str]:
    """Return the words of a text that could be nicknames."""
    return re.findall(r"[\w\-\[\]\\^{}|`]+", text)


def mentions(text: str, nick: str) -> bool:
    """Whether this nick is in the text as a word of its own."""
    return (
        bool(nick)
        and re.search(rf"(?<![\w\-\[\]\\^{{}}|`]){re.escape(nick)}(?![\w\-\[\]\\^{{}}|`])", text, re.I) is not None
    )
