"""Checks that all clients get all messages, once, in order, for millions of lines a second.

All clients of one kind in one channel are sent the same bytes, so one of them is parsed line by line and the others are
compared with it: a Transcript is the bytes of a channel so far, checked when first received, and a TranscriptPosition
is one client's position in it. `reader` reads the bytes of one client.

A server may send messages of two senders to two receivers in different order; it must keep the order of each sender. A
reader whose bytes differ from the transcript without being wrong is detached and counted by sender from there on.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from time import perf_counter

from greenchat.bench.wire import PRESENCE, Wording, nick

NEVER = 1 << 62  # an offset no transcript reaches
SAMPLE = 7  # one chunk in so many has its delay sampled: a prime, so as not to be in step with the members


class ViolationError(Exception):
    """A message was lost, duplicated, changed or out of order; the text says which, and for whom."""


def shown(line: bytes) -> str:
    return line.decode(errors="replace").strip()


def unexpected(who: str, sender: int, number: int, expected: int) -> ViolationError:
    what = "twice or out of order" if number < expected else f"but number {expected} is missing before it"
    return ViolationError(f"{who} got message {number} of {nick(sender).decode()} {what}")


class Transcript:
    """The bytes that all clients of one kind in one channel must see.

    target: the channel; the nickname where it is private.
    on_complete(sender, number) is called for each message once all counted readers have passed it.
    said_at(sender, number) is the time the message was sent, in seconds of perf_counter.
    said_by(sender) is how many messages a sender has sent so far.
    release(place): called when a waiting reader can continue; feed it b"" after the current chunk. on_detach(place):
    called when a reader is counted by sender from now on; on_arrival(place, sender, number): for each message that such
    a reader gets.
    """

    def __init__(
        self,
        wording: Wording,
        target: bytes,
        *,
        on_complete: Callable[[int, int], None] = lambda sender, number: None,
        said_at: Callable[[int, int], float] = lambda sender, number: 0.0,
        said_by: Callable[[int], int] = lambda sender: 0,
        release: Callable[["TranscriptPosition"], None] = lambda place: None,
        on_detach: Callable[["TranscriptPosition"], None] = lambda place: None,
        on_arrival: Callable[["TranscriptPosition", int, int], None] = lambda place, sender, number: None,
    ) -> None:
        self.wording = wording
        self.target = target
        self.on_complete = on_complete
        self.said_at = said_at
        self.said_by = said_by
        self.release = release
        self.on_detach = on_detach
        self.on_arrival = on_arrival
        self.text = bytearray()
        self.ends: list[int] = []  # line -> the offset behind it
        self.messages: list[tuple[int, int] | None] = []  # line -> (sender, number); None for joins and quits
        self.sent: list[float] = []  # line -> when it was sent
        self.starts: dict[int, list[int]] = {}  # sender -> offsets of the messages
        self.present: set[int] = set()
        self.joins: dict[int, list[int]] = {}  # client -> the offsets after its JOINs
        self.samples: list[tuple[float, int, int]] = []  # (when, from, to): a chunk that was received
        self.counted = 0  # readers that hold up the completion of a message
        self.chunks = 0
        self._deaf: dict[int, TranscriptPosition] = {}  # sender -> reader that gets no echo
        self._waiting: dict[int, int] = {}  # offset -> how many counted readers are there
        self._awaiting: dict[int, TranscriptPosition] = {}  # readers that wait for their own JOIN here
        self._held: dict[int, TranscriptPosition] = {}  # readers that wait for their own message here
        self._passed = 0  # lines that all counted readers have passed

    def listeners(self, sender: int) -> int:
        """Return how many readers must pass a message of this sender before it is complete."""
        return self.counted - (sender in self._deaf)

    def enter(self, place: "TranscriptPosition") -> None:
        """Add a counted reader from now on."""
        place.offset = len(self.text)
        place.counted = True
        self.counted += 1
        self._waiting[place.offset] = self._waiting.get(place.offset, 0) + 1
        if not place.echo:
            self._deaf[place.index] = place
            place.own_next = NEVER

    def leave(self, place: "TranscriptPosition") -> None:
        """Remove a counted reader."""
        self._deaf.pop(place.index, None)
        self._held.pop(place.index, None)
        if place.counted:
            place.counted = False
            self.counted -= 1
            self._depart(place.offset)

    def move(self, place: "TranscriptPosition", end: int) -> None:
        """Move a reader that has received everything before `end`."""
        self.chunks += 1
        if not self.chunks % SAMPLE:
            self.samples.append((perf_counter(), place.offset, end))
        self.shift(place, end)

    def shift(self, place: "TranscriptPosition", end: int) -> None:
        """Set a reader's position to `end`."""
        start = place.offset
        place.offset = end
        if place.counted:
            self._waiting[end] = self._waiting.get(end, 0) + 1
            self._depart(start)

    def hop(self, place: "TranscriptPosition") -> None:
        """Skip own messages that are next here: this client gets no echo."""
        starts = self.starts[place.index]
        while place.offset == place.own_next:
            self.shift(place, self.ends[bisect_right(self.ends, place.own_next)])
            place.own_passed += 1
            place.own_next = starts[place.own_passed] if place.own_passed < len(starts) else NEVER

    def _depart(self, start: int) -> None:
        left = self._waiting[start] - 1
        if left:
            self._waiting[start] = left
            return
        del self._waiting[start]
        if start == (self.ends[self._passed - 1] if self._passed else 0):
            self._complete()

    def _complete(self) -> None:
        ends = self.ends
        line = self._passed
        # Advanced before each callback, which may send, and so re-enter this method.
        while line < len(ends) and (ends[line - 1] if line else 0) not in self._waiting:
            message = self.messages[line]
            line += 1
            self._passed = line
            if message:
                self.on_complete(*message)

    def append(self, place: "TranscriptPosition", line: bytes) -> bool:
        """Append a line, seen by a reader first. Return False if it is no such line.

        Raises ViolationError if it can't be the next.
        """
        if talk := self.wording.talk.fullmatch(line):
            sender, number = int(talk[3]), int(talk[4])
            if int(talk[1]) != sender or talk[2] != self.target:
                raise ViolationError(f"{place} got an unexpected or changed line: {shown(line)}")
            starts = self.starts.setdefault(sender, [])
            if number != len(starts):
                raise unexpected(str(place), sender, number, len(starts))
            start = len(self.text)
            starts.append(start)
            self._extend(line, (sender, number), self.said_at(sender, number))
            deaf = self._deaf.get(sender)
            if deaf and deaf.own_next == NEVER:
                deaf.own_next = start
                self.hop(deaf)
                if self._held.pop(sender, None):
                    self.release(deaf)
            return True
        if presence := PRESENCE.fullmatch(line):
            index = int(presence[1])
            joined = presence[2] == b"JOIN"
            if joined == (index in self.present):
                raise ViolationError(f"{place} got twice or out of order: {shown(line)}")
            self._extend(line, None, 0.0)
            if joined:
                self.present.add(index)
                self.joins.setdefault(index, []).append(len(self.text))
                if index in self._awaiting:
                    self.release(self._awaiting.pop(index))
            else:
                self.present.discard(index)
            return True
        return False

    def hold(self, place: "TranscriptPosition", line: bytes) -> bool:
        """Whether a reader without echo must wait with a new line, since one of its own messages may precede it.

        It then waits until another reader gets that message. If all wait for each other, all are counted by sender from
        now on.
        """
        if place.echo or self.said_by(place.index) <= len(self.starts.get(place.index, ())):
            return False
        if not self.wording.talk.fullmatch(line) and not PRESENCE.fullmatch(line):
            return False
        self._held[place.index] = place
        if len(self._held) == self.counted:
            held, self._held = self._held, {}
            for each in held.values():
                each.detach()
                self.release(each)
        return True

    def _extend(self, line: bytes, message: tuple[int, int] | None, sent: float) -> None:
        self.text += line
        self.ends.append(len(self.text))
        self.messages.append(message)
        self.sent.append(sent)

    def find(self, place: "TranscriptPosition") -> bool:
        """Whether the transcript has the reader's own JOIN, number `place.joined`.

        If not, the reader is released as soon as it is.
        """
        joins = self.joins.get(place.index, ())
        if len(joins) <= place.joined:
            self._awaiting[place.index] = place
            return False
        place.offset = joins[place.joined]
        place.joined += 1
        if place.echo:
            return True
        self._deaf[place.index] = place
        starts = self.starts.get(place.index, [])
        at = bisect_left(starts, place.offset)
        place.own_passed = at
        place.own_next = starts[at] if at < len(starts) else NEVER
        return True

    def lines_before(self, offset: int) -> int:
        """Return the number of lines that end at or before an offset."""
        return bisect_right(self.ends, offset)


class TranscriptPosition(ABC):
    """The position of one client in a transcript. echo: whether it gets its own messages back."""

    __slots__ = ("counted", "counts", "echo", "index", "joined", "offset", "own_next", "own_passed", "transcript")

    def __init__(self, transcript: Transcript, index: int, *, echo: bool) -> None:
        self.transcript = transcript
        self.index = index
        self.echo = echo
        self.counted = False  # whether it holds up the completion of a message
        self.offset = -1  # not in the channel, or not found yet
        self.joined = 0  # how many of its own JOINs it has passed
        self.own_next = NEVER if echo else -1  # the offset of its own next message, which it does not get
        self.own_passed = 0
        self.counts: dict[int, int] | None = None  # detached: sender -> the number expected next

    def __str__(self) -> str:
        return nick(self.index).decode()

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Take bytes of the server, in any pieces."""

    @abstractmethod
    def detach(self) -> None:
        """Count this client's messages by sender from now on."""

    def hears(self, sender: int) -> bool:
        """Whether the client gets the messages of a sender."""
        return self.echo or self.index != sender

    def expects(self, sender: int) -> int:
        """Return the expected number of a sender's next message."""
        if self.counts is not None and sender in self.counts:
            return self.counts[sender]
        return bisect_left(self.transcript.starts.get(sender, ()), self.offset)

    def is_up_to_date(self) -> bool:
        """Whether the client has got the whole transcript. (A detached one is checked message by message.)"""
        return self.counts is not None or self.offset == len(self.transcript.text)
