"""Lines and pending messages: the contents of buffers."""

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
    """A message of the user that the server has not confirmed.

    id: its client id, "" without one. label: "" before it was sent. reply: the msgid of the message that it replies to.
    maybe: whether it was sent on a connection that broke before the server confirmed it.
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
    """A requested page of history.

    command: the subcommand of CHATHISTORY. limit: maximum of messages. older: whether it extends the history to the
    past. gap: the id of the line after the gap to be filled. first: the id of its earliest line; first_new: whether
    that line is new.
    new: the number of new lines. before: the id of the line after the page.
    """

    command: str
    limit: int
    older: bool = False
    gap: str = ""
    before: str = ""
    first: str = ""
    first_new: bool = False
    new: int = 0

    def note(self, line: Line, *, new: bool) -> None:
        """Note a received line; lines arrive in order of time."""
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
    """Whether the text contains this nick as a word."""
    return (
        bool(nick)
        and re.search(rf"(?<![\w\-\[\]\\^{{}}|`]){re.escape(nick)}(?![\w\-\[\]\\^{{}}|`])", text, re.I) is not None
    )
