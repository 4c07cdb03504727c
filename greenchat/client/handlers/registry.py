"""The table of handlers: one function per command or numeric, declared by a decorator."""

from collections.abc import Callable
from datetime import datetime

from greenchat.client.state.lines import TALK, Line, LineKind, mentions
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model
from greenchat.protocol.formatting import strip_formatting
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric
from greenchat.records import record

HISTORIES = frozenset({"chathistory", "znc.in/playback"})
_HISTORY_AGE = 120_000  # milliseconds; older messages by the server's clock are playback
_CROWD = 5  # members that one line names


@record(slots=True)
class Incoming:
    """A message from the server, with the state that it changes.

    time: of the message, in milliseconds since the epoch. batch: the type of its batch, or "".
    """

    model: Model
    network: ClientNetwork
    message: Message
    time: int
    batch: str = ""

    @property
    def nick(self) -> str:
        """The sender's nickname."""
        return self.message.nick

    @property
    def is_own(self) -> bool:
        """Whether the message is from ourselves."""
        return self.network.is_me(self.message.nick)

    @property
    def is_from_history(self) -> bool:
        """Whether the message is from history, by its batch or its time."""
        if self.batch in HISTORIES:
            return True
        link = self.network.link
        return "time" in self.message.tags and self.time - link.skew < link.heard_at - _HISTORY_AGE

    @property
    def is_live(self) -> bool:
        """Whether automatic actions may follow: the message is present, and from another user.

        This decides for answers to CTCP, bells and notifications, plugins, and recovering a nick.
        """
        return not self.is_own and not self.is_from_history

    @property
    def label(self) -> str:
        """The label of our message that this answers, or ""."""
        return self.message.tags.get("label", "")

    def param(self, index: int, default: str = "") -> str:
        """Return a parameter (negative: from the end), or the default if it is missing."""
        try:
            return self.message.params[index]
        except IndexError:
            return default

    def show(self, buffer: Buffer, line: Line) -> None:
        """Add a line to a buffer: at the end, or by its time if it is from history."""
        if self.batch in HISTORIES:
            new = buffer.insert(line)
            if buffer.history.page:
                buffer.history.page.note(line, new=new)
            unread = new and buffer.unread.read_at and line.time > buffer.unread.read_at and line.kind in TALK
            if unread and not line.own and buffer is not self.model.current:
                if line.highlight:
                    self.model.note_mention(buffer, line)
                buffer.unread.note(talk=True, highlight=line.highlight or buffer.kind is BufferKind.PRIVATE)
        else:
            self.model.add(buffer, line, live=not self.is_from_history)

    def about_me(self, buffer: Buffer, text: str, kind: LineKind = LineKind.ERROR) -> None:
        """Add a line about an event of ours to a buffer, and mark its window if it is hidden."""
        msgid = self.message.tags.get("msgid", "")
        self.show(buffer, Line(self.time, kind, text, self.nick, highlight=True, id=msgid))

    def moved(self, buffer: Buffer, nick: str, change: str, text: str) -> None:
        """Add a line about a join, part or quit; merged with similar ones unless the user spoke recently."""
        settings = self.model.settings
        if not self.network.is_me(nick):
            if "hide-joins" in settings.override(self.network.name, buffer.name):
                return
            if settings.ignored and settings.ignores(self.message.source or "", nick, "joins", buffer.name):
                return
        if self.network.is_me(nick) or buffer.spoke_lately(nick, self.time):
            change = ""
        msgid = self.message.tags.get("msgid", "")
        self.show(buffer, Line(self.time, LineKind.EVENT, text, nick, id=msgid, change=change))

    def note(self, buffer: Buffer, text: str, kind: LineKind = LineKind.EVENT, nick: str = "") -> None:
        """Add an informational line to a buffer."""
        self.show(buffer, Line(self.time, kind, text, nick, id=self.message.tags.get("msgid", "")))

    def answer(self, text: str, kind: LineKind = LineKind.INFO) -> None:
        """Show the answer to a command in the current window."""
        current = self.model.current
        self.note(current if current.network is self.network else self.network.status, text, kind)

    def note_or_answer(self, text: str) -> None:
        """Show a line in the server's window during the welcome; later as an answer in the current window."""
        if self.network.link.state is LinkState.ONLINE and not self.network.link.welcomed:
            self.note(self.network.status, text)
        else:
            self.answer(text)

    def highlights(self, text: str, buffer: Buffer) -> bool:
        """Whether the text highlights the user. A text that mentions many members highlights none."""
        if self.is_own:
            return False
        named = mentions(text, self.network.nicks.current) and len(buffer.named(text, _CROWD)) < _CROWD
        return named or self.model.settings.is_highlight(strip_formatting(text))


# The required first parameters of messages; others are ignored.
NAMED = {
    "CHGHOST": 2,
    "INVITE": 2,
    "JOIN": 1,
    "KICK": 2,
    "MARKREAD": 1,
    "MODE": 1,
    "NICK": 1,
    "NOTICE": 1,
    "PART": 1,
    "PRIVMSG": 1,
    "REDACT": 2,
    "RENAME": 2,
    "TAGMSG": 1,
    "TOPIC": 1,
    Numeric.ERR_LINKCHANNEL.command: 3,
}
IncomingHandler = Callable[[Incoming], None]
TABLE: dict[str, IncomingHandler] = {}


def on(*commands: str | Numeric) -> Callable[[IncomingHandler], IncomingHandler]:
    """Declare the handler of these commands and numerics."""

    def declare(handler: IncomingHandler) -> IncomingHandler:
        for command in commands:
            name = command if isinstance(command, str) else command.command
            assert name not in TABLE, f"{name} has two handlers"
            TABLE[name] = handler
        return handler

    return declare


def time_of(message: Message, now: int) -> int:
    """Return the server-time (https://ircv3.net/specs/extensions/server-time), or else now, in milliseconds."""
    stamp = milliseconds_of(message.tags.get("time", ""))
    return now if stamp is None else stamp


def milliseconds_of(stamp: str) -> int | None:
    """Return the milliseconds since the epoch of a time like `2026-11-20T20:05:00.000Z`, None for anything else."""
    try:
        return round(datetime.fromisoformat(stamp).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
