"""A buffer: numbered lines, unread counts, and the loaded part of the history.

Pure state; it draws and sends nothing. `state.network.Buffer` adds the network that the window belongs to.
"""

from bisect import bisect_right
from collections import deque
from enum import Enum, auto

from greenchat.client.state.lines import TALK, Anchor, Line, Page
from greenchat.records import field, record

MOST_LINES = 20_000  # kept in memory per buffer
_RECENT = 500  # lines that are searched for one to be replaced


class BufferKind(Enum):
    """The kind of a buffer."""

    STATUS = auto()
    CHANNEL = auto()
    PRIVATE = auto()


@record(slots=True, eq=False)
class Unread:
    """The counts of a buffer's unread lines.

    count: messages of others. highlights: those that mention the user. events: less important lines. seen: the number
    of the first line that the user has not seen. read_at: the server's read marker, in milliseconds since the epoch, 0
    while unknown.
    """

    count: int = 0
    highlights: int = 0
    events: int = 0
    seen: int = 0
    read_at: int = 0

    def __bool__(self) -> bool:
        return bool(self.count or self.highlights or self.events)

    @property
    def is_important(self) -> bool:
        """Whether there is something important: messages, or events about the user."""
        return self.count > 0 or self.highlights > 0

    def note(self, *, talk: bool, highlight: bool) -> None:
        """Count a line that the user has not seen."""
        if talk:
            self.count += 1
        else:
            self.events += 1
        self.highlights += highlight

    def clear(self) -> None:
        """Mark everything as read."""
        self.count = self.highlights = self.events = 0

    def keep_at_most(self, count: int) -> None:
        """Lower the unread counts; the rest was read elsewhere."""
        self.count = min(self.count, count)
        if not count:
            self.count = self.highlights = 0


@record(slots=True, eq=False)
class HistoryExtent:
    """The extent of a buffer's history in memory, from the server and from the archive.

    page: the requested page. complete: whether the server has nothing older. gaps: the msgid before which lines are
    missing -> whether they are unavailable. later_ids: the ids of later lines of the page that is being inserted.
    begun: whether earlier messages were requested. crowded: whether one millisecond has more messages than a page, so
    that the next request is by msgid. wants_older: whether older lines of the archive are wanted. fresh: lines that are
    not in the archive yet. restored: whether the archive's lines were loaded. first_after_missed: the number of the
    first line after the missed time. wants_missed: whether missed lines are to be requested after the names.
    pages_filled: pages requested without scrolling.
    """

    page: Page | None = None
    complete: bool = False
    gaps: dict[str, bool] = field(default_factory=dict)
    later_ids: set[str] = field(default_factory=set)
    begun: bool = False
    crowded: bool = False
    wants_older: bool = False
    fresh: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    restored: bool = False
    first_after_missed: int = 0
    wants_missed: bool = False
    pages_filled: int = 0

    def end_connection(self, end: int) -> None:
        """Forget open requests; they may be made again. end: the number of the next line."""
        self.page = None
        self.crowded = False
        self.wants_missed = False
        self.first_after_missed = end
        self.pages_filled = 0
        self.gaps = dict.fromkeys(self.gaps, False)


@record(slots=True, eq=False)
class Scroll:
    """A named list of lines, numbered from 0 without reuse; first: the number of the oldest line in memory.

    Reads: line, first_unseen, find_message. Changes: add, insert, restore, replace, exchange, clear, mark_seen. number:
    that of the window, from 1. edits: counts changes of existing lines. cleared: the number of the first line that is
    shown after /clear.
    """

    name: str
    kind: BufferKind
    number: int = 0
    lines: deque[Line] = field(default_factory=deque)
    first: int = 0
    edits: int = 0
    anchor: Anchor | None = None
    cleared: int = 0
    unread: Unread = field(default_factory=Unread)
    history: HistoryExtent = field(default_factory=HistoryExtent)

    @property
    def end(self) -> int:
        """The number that the next line gets."""
        return self.first + len(self.lines)

    def line(self, number: int) -> Line:
        """Return the line with this number. Raises IndexError if it is not in memory."""
        if not self.first <= number < self.end:
            raise IndexError(number)
        return self.lines[number - self.first]

    @property
    def first_unseen(self) -> int:
        """Return the number of the first unseen message of others, `end` if there is none."""
        for number in range(max(self.unread.seen, self.first), self.end):
            line = self.line(number)
            if line.kind in TALK and not line.own:
                return number
        return self.end

    @property
    def has_unseen(self) -> bool:
        """Whether others said something since the user looked away."""
        end = self.end
        return self.unread.seen < end and self.first_unseen < end

    def find_message(self, msgid: str) -> Line | None:
        """Return the message of this id, if it is still here."""
        return next((line for line in reversed(self.lines) if line.id == msgid), None) if msgid else None

    def add(self, line: Line) -> None:
        """Append a line; beyond the limit the oldest is dropped."""
        self.lines.append(line)
        self._note(line)
        while len(self.lines) > MOST_LINES:
            self.lines.popleft()
            self.first += 1

    def insert(self, line: Line) -> bool:
        """Insert a line of the past by its time; return False if it is present already.

        Among lines of the same time it comes before those in `follow`.
        """
        place = bisect_right(self.lines, line.time, key=lambda other: other.time)
        around = range(max(0, place - 200), min(len(self.lines), place + 200))
        if any(_is_same(self.lines[near], line) for near in around):
            return False
        before = place
        while before and self.lines[before - 1].time == line.time:
            before -= 1
            place = before if self.lines[before].id in self.history.later_ids else place
        self.lines.insert(place, line)
        self.edits += 1
        self._note(line)
        number = self.first + place
        if self.unread.seen > number:
            self.unread.seen += 1
        if self.cleared > number:
            self.cleared += 1
        if self.history.first_after_missed > number:
            self.history.first_after_missed += 1
        if self.anchor and self.anchor.line >= number:
            self.anchor = Anchor(self.anchor.line + 1, self.anchor.hidden)
        return True

    def restore(self, lines: list[Line]) -> None:
        """Insert lines of the archive before the present ones, which take precedence for the same message."""
        known = {line.id or (line.time, line.nick, line.text) for line in self.lines}
        oldest = self.lines[0].time if self.lines else None
        before = [
            line
            for line in lines
            if (line.id or (line.time, line.nick, line.text)) not in known and (oldest is None or line.time <= oldest)
        ]
        self.lines.extendleft(reversed(before))
        self.edits += 1
        self.unread.seen += len(before)
        self.cleared += len(before) * (self.cleared > 0)
        self.history.first_after_missed += len(before)
        if self.anchor:
            self.anchor = Anchor(self.anchor.line + len(before), self.anchor.hidden)

    def replace(self, place: int, line: Line) -> None:
        """Replace a line, given by its index from the oldest in memory."""
        self.lines[place] = line
        self.edits += 1
        self.history.fresh.append(line)

    def exchange(self, old: Line, new: Line) -> bool:
        """Replace a recent informational line by one of the same kind; return False if it is no longer present."""
        for place in range(len(self.lines) - 1, max(-1, len(self.lines) - 1 - _RECENT), -1):
            if self.lines[place] is old:
                self.lines[place] = new
                self.edits += 1
                return True
        return False

    def _note(self, line: Line) -> None:
        if line.kind in TALK and self.kind is not BufferKind.STATUS:
            self.history.fresh.append(line)

    def clear(self) -> None:
        """Begin with an empty screen; the lines are above it."""
        self.cleared = self.end
        self.anchor = None

    def mark_seen(self) -> None:
        """Note that every line has been on the screen."""
        self.unread.seen = self.end


def _is_same(one: Line, other: Line) -> bool:
    """Whether two lines are the same message: by id, or else (for ZNC's playback) by sender, text and time."""
    if one.id or other.id:
        return one.id == other.id
    return (one.time, one.kind, one.nick, one.text) == (other.time, other.kind, other.nick, other.text)
