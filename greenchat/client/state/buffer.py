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

    count: lines that others said. highlights: those that call the user. events: lines that nobody needs to look at.
    seen: the number of the first line that was not on the screen yet when the user looked away. read_at: milliseconds
    since the epoch up to which the server says the user has read, 0 while unknown.
    """

    count: int = 0
    highlights: int = 0
    events: int = 0
    seen: int = 0
    read_at: int = 0

    def __bool__(self) -> bool:
        return bool(self.count or self.highlights or self.events)

    @property
    def calls(self) -> bool:
        """Whether there is something that is worth a look: talk, or what became of the user."""
        return self.count > 0 or self.highlights > 0

    def note(self, *, talk: bool, highlight: bool) -> None:
        """Count a line that came while the user looked elsewhere."""
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

    page: what was asked for and has not come yet. complete: the server has nothing older. gaps: the msgid before
    which lines are missing -> whether they are unavailable. follow: the ids of what comes later in the page that is
    being put in. started: earlier messages were asked for. crowded: more was said in one millisecond than a page
    holds, so that the next is asked for by msgid. wants_older: than what is here, of what an archive has. fresh: what
    no archive has yet. restored: what an archive has is here. seam: the number of the first line that came after the
    time that was missed. comes: what was missed is asked for as soon as the server has told who is here. filled: how
    many pages were asked for without the user's scrolling there.
    """

    page: Page | None = None
    complete: bool = False
    gaps: dict[str, bool] = field(default_factory=dict)
    follow: set[str] = field(default_factory=set)
    begun: bool = False
    crowded: bool = False
    wants_older: bool = False
    fresh: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    restored: bool = False
    seam: int = 0
    comes: bool = False
    filled: int = 0

    def end_connection(self, end: int) -> None:
        """Forget open requests; they may be made again. end: the number of the next line."""
        self.page = None
        self.crowded = False
        self.comes = False
        self.seam = end
        self.filled = 0
        self.gaps = dict.fromkeys(self.gaps, False)


@record(slots=True, eq=False)
class Scroll:
    """A named list of lines, numbered from 0 for ever; `first` is the number of the oldest one kept.

    Reads: line, news, said. Changes: add, insert, restore, replace, exchange, clear, mark_seen. number: that of the
    window, from 1. edits: how often lines changed that were here already. cleared: the number of the line from which on
    lines are shown again, where it is not scrolled back.
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
        """Return the line of this number. Raises IndexError when it is gone or not there yet."""
        if not self.first <= number < self.end:
            raise IndexError(number)
        return self.lines[number - self.first]

    @property
    def news(self) -> int:
        """The number of the first thing that others said since the user looked away, `end` where there is none."""
        for number in range(max(self.unread.seen, self.first), self.end):
            line = self.line(number)
            if line.kind in TALK and not line.own:
                return number
        return self.end

    @property
    def has_news(self) -> bool:
        """Whether others said something since the user looked away."""
        end = self.end
        return self.unread.seen < end and self.news < end

    def said(self, msgid: str) -> Line | None:
        """Return the message of this id, if it is still here."""
        return next((line for line in reversed(self.lines) if line.id == msgid), None) if msgid else None

    def add(self, line: Line) -> None:
        """Append a line; the oldest goes where there are too many."""
        self.lines.append(line)
        self._note(line)
        while len(self.lines) > MOST_LINES:
            self.lines.popleft()
            self.first += 1

    def insert(self, line: Line) -> bool:
        """Put a line of the past where its time belongs; False if it is there already.

        Of those with the same time, it stands before the ones that `follow` it.
        """
        place = bisect_right(self.lines, line.time, key=lambda kept: kept.time)
        around = range(max(0, place - 200), min(len(self.lines), place + 200))
        if any(_is_same(self.lines[near], line) for near in around):
            return False
        before = place
        while before and self.lines[before - 1].time == line.time:
            before -= 1
            place = before if self.lines[before].id in self.history.follow else place
        self.lines.insert(place, line)
        self.edits += 1
        self._note(line)
        number = self.first + place
        if self.unread.seen > number:
            self.unread.seen += 1
        if self.cleared > number:
            self.cleared += 1
        if self.history.seam > number:
            self.history.seam += 1
        if self.anchor and self.anchor.line >= number:
            self.anchor = Anchor(self.anchor.line + 1, self.anchor.hidden)
        return True

    def restore(self, lines: list[Line]) -> None:
        """Put lines that were kept from earlier before those that are here, which win where both know a message."""
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
        self.history.seam += len(before)
        if self.anchor:
            self.anchor = Anchor(self.anchor.line + len(before), self.anchor.hidden)

    def replace(self, place: int, line: Line) -> None:
        """Put another line in the place of one, counted from the oldest that is here."""
        self.lines[place] = line
        self.edits += 1
        self.history.fresh.append(line)

    def exchange(self, old: Line, new: Line) -> bool:
        """Put an informational line in the place of a recent one of the same kind; False where that has gone."""
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
    """Whether two lines are one message: by their ids, else (as ZNC plays them back) by who said what when."""
    if one.id or other.id:
        return one.id == other.id
    return (one.time, one.kind, one.nick, one.text) == (other.time, other.kind, other.nick, other.text)
