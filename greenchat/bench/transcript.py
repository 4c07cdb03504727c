"""Did everybody get everything, once, in order? Checked for millions of lines a second.

All clients of one kind in one channel are sent the same bytes, so one of them is read line by line and the others are
compared with it: a Transcript is what was said in a channel so far, checked when it was first seen, and a Reader is one
client's place in it. A chunk that comes in is compared with the transcript from that place on: one memory comparison
for hundreds of lines. Only a chunk that differs (a PING in between, a line nobody has seen yet) is looked at by line.

A server may send messages of two senders to two receivers in different order; what it must keep is the order of each
sender. A reader whose bytes leave the transcript without being wrong is detached and counted by sender from there on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from time import perf_counter

from .wire import PRESENCE, Wording, nick

NEVER = 1 << 62  # an offset no transcript reaches
NEWLINE = 0x0A
SAMPLE = 7  # one chunk in so many has its delay noted: prime, so that it doesn't fall in step with the members


class ViolationError(Exception):
    """A message was lost, doubled, changed or out of order; the text says which, and for whom."""


def _shown(line: bytes) -> str:
    return line.decode(errors="replace").strip()


def _unexpected(who: str, sender: int, number: int, expected: int) -> ViolationError:
    what = "twice or out of order" if number < expected else f"but number {expected} is missing before it"
    return ViolationError(f"{who} got message {number} of {nick(sender).decode()} {what}")


class Transcript:
    """What everybody of one kind in one channel must see, byte for byte.

    target: the channel; the nickname where it is private.
    on_complete(sender, number) is called for each message once all counted readers have passed it.
    said_at(sender, number) is the time the message was sent, in seconds of perf_counter.
    said_by(sender) is how many messages a sender has sent so far.
    release(reader): what it waited for is known now; feed it b"" as soon as the current chunk is done with.
    on_detach(reader) is called when a reader is counted by sender from now on; on_arrival(reader, sender, number) for
    each message such a reader then gets.
    """

    def __init__(
        self,
        wording: Wording,
        target: bytes,
        *,
        on_complete: Callable[[int, int], None] = lambda sender, number: None,
        said_at: Callable[[int, int], float] = lambda sender, number: 0.0,
        said_by: Callable[[int], int] = lambda sender: 0,
        release: Callable[["Reader"], None] = lambda reader: None,
        on_detach: Callable[["Reader"], None] = lambda reader: None,
        on_arrival: Callable[["Reader", int, int], None] = lambda reader, sender, number: None,
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
        self.said: list[tuple[int, int] | None] = []  # line -> (sender, number); None where somebody came or went
        self.sent: list[float] = []  # line -> when it was sent
        self.starts: dict[int, list[int]] = {}  # sender -> where their messages start
        self.present: set[int] = set()
        self.joins: dict[int, list[int]] = {}  # client -> the offsets behind their JOINs
        self.samples: list[tuple[float, int, int]] = []  # (when, from, to): a chunk that was received
        self.counted = 0  # readers that hold up the completion of a message
        self.chunks = 0
        self._deaf: dict[int, Reader] = {}  # sender -> reader that gets no echo
        self._waiting: dict[int, int] = {}  # offset -> how many counted readers are there
        self._awaiting: dict[int, Reader] = {}  # readers that have to see their own JOIN here first
        self._held: dict[int, Reader] = {}  # readers that have to see their own message here first
        self._passed = 0  # lines that all counted readers have passed

    def listeners(self, sender: int) -> int:
        """How many readers must pass a message of this sender before it is complete."""
        return self.counted - (sender in self._deaf)

    def enter(self, reader: "Reader") -> None:
        """A reader who is here from now on and counts."""
        reader.offset = len(self.text)
        reader.counted = True
        self.counted += 1
        self._waiting[reader.offset] = self._waiting.get(reader.offset, 0) + 1
        if not reader.echo:
            self._deaf[reader.index] = reader
            reader.own_next = NEVER

    def leave(self, reader: "Reader") -> None:
        """A reader who counts no longer."""
        self._deaf.pop(reader.index, None)
        self._held.pop(reader.index, None)
        if reader.counted:
            reader.counted = False
            self.counted -= 1
            self._depart(reader.offset)

    def move(self, reader: "Reader", end: int) -> None:
        """The reader has received everything before `end`."""
        self.chunks += 1
        if not self.chunks % SAMPLE:
            self.samples.append((perf_counter(), reader.offset, end))
        self.shift(reader, end)

    def shift(self, reader: "Reader", end: int) -> None:
        """The reader stands at `end` now."""
        start = reader.offset
        reader.offset = end
        if reader.counted:
            self._waiting[end] = self._waiting.get(end, 0) + 1
            self._depart(start)

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
        # Moved on before each callback: it may send, and what it sends may come back here.
        while line < len(ends) and (ends[line - 1] if line else 0) not in self._waiting:
            said = self.said[line]
            line += 1
            self._passed = line
            if said:
                self.on_complete(*said)

    def append(self, reader: "Reader", line: bytes) -> bool:
        """A line at the end of what has been said, by the first reader who sees it. False if it is no such line.

        Raises ViolationError where it cannot be the next.
        """
        if talk := self.wording.talk.fullmatch(line):
            sender, number = int(talk[3]), int(talk[4])
            if int(talk[1]) != sender or talk[2] != self.target:
                raise ViolationError(f"{reader} got what was not for it or not so: {_shown(line)}")
            starts = self.starts.setdefault(sender, [])
            if number != len(starts):
                raise _unexpected(str(reader), sender, number, len(starts))
            start = len(self.text)
            starts.append(start)
            self._extend(line, (sender, number), self.said_at(sender, number))
            deaf = self._deaf.get(sender)
            if deaf and deaf.own_next == NEVER:
                deaf.own_next = start
                deaf.hop()
                if self._held.pop(sender, None):
                    self.release(deaf)
            return True
        if presence := PRESENCE.fullmatch(line):
            index = int(presence[1])
            joined = presence[2] == b"JOIN"
            if joined == (index in self.present):
                raise ViolationError(f"{reader} was told twice or out of order: {_shown(line)}")
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

    def hold(self, reader: "Reader", line: bytes) -> bool:
        """A reader that gets no echo has a new line, and said something itself that is not in here: which was first?

        True if it has to wait until somebody else sees its message. Where everybody waits for everybody, nobody can
        know, and all are counted by sender from now on.
        """
        if reader.echo or self.said_by(reader.index) <= len(self.starts.get(reader.index, ())):
            return False
        if not self.wording.talk.fullmatch(line) and not PRESENCE.fullmatch(line):
            return False
        self._held[reader.index] = reader
        if len(self._held) == self.counted:
            held, self._held = self._held, {}
            for each in held.values():
                each.detach()
                self.release(each)
        return True

    def _extend(self, line: bytes, said: tuple[int, int] | None, sent: float) -> None:
        self.text += line
        self.ends.append(len(self.text))
        self.said.append(said)
        self.sent.append(sent)

    def place(self, reader: "Reader") -> bool:
        """The reader has just seen its own JOIN, its join number `reader.joined`: is that in here yet?

        If not, the reader is released as soon as it is.
        """
        joins = self.joins.get(reader.index, ())
        if len(joins) <= reader.joined:
            self._awaiting[reader.index] = reader
            return False
        reader.offset = joins[reader.joined]
        reader.joined += 1
        if reader.echo:
            return True
        self._deaf[reader.index] = reader
        starts = self.starts.get(reader.index, [])
        at = bisect_left(starts, reader.offset)
        reader.own_passed = at
        reader.own_next = starts[at] if at < len(starts) else NEVER
        return True

    def lines_before(self, offset: int) -> int:
        """How many lines end at or before an offset."""
        return bisect_right(self.ends, offset)


class Reader:
    """One client's place in a transcript.

    echo: does it get its own messages back? on_private(line) is called with each line that belongs to it alone, or
    that is no message and no coming or going.
    """

    __slots__ = (
        "counted", "counts", "echo", "index", "joined", "offset", "on_private", "own_next", "own_passed", "received",
        "rest", "transcript",
    )  # fmt: skip

    def __init__(self, transcript: Transcript, index: int, on_private: Callable[[bytes], None], *, echo: bool) -> None:
        self.transcript = transcript
        self.index = index
        self.on_private = on_private
        self.echo = echo
        self.counted = False  # does it hold up the completion of a message?
        self.offset = -1  # not in the channel, or not placed yet
        self.joined = 0  # how often it has found its own JOIN
        self.own_next = NEVER if echo else -1  # where its own next message starts, which it does not get
        self.own_passed = 0
        self.rest = b""  # what came in and could not be compared yet
        self.counts: dict[int, int] | None = None  # detached: sender -> the number expected next
        self.received = 0  # messages got since it was detached

    def __str__(self) -> str:
        return nick(self.index).decode()

    def feed(self, data: bytes) -> None:
        """Bytes of the server, in any pieces.

        Raises ViolationError as soon as something is wrong for sure; what is lost for good only shows in `missing`.
        """
        if self.rest:
            data = self.rest + data
            self.rest = b""
        end = self.offset + len(data)
        transcript = self.transcript
        # The fast path: everything that has come is what others have already got. Half a line at the end is not:
        # what follows it might differ.
        if (
            self.offset >= 0
            and end <= self.own_next
            and data[-1:] == b"\n"
            and self.counts is None
            and transcript.text.startswith(data, self.offset)
        ):
            transcript.move(self, end)
            if end == self.own_next:
                self.hop()
        else:
            self._feed_by_line(data)

    def hop(self) -> None:
        """Step over own messages that are next in the transcript: this client gets no echo."""
        transcript = self.transcript
        starts = transcript.starts[self.index]
        while self.offset == self.own_next:
            transcript.shift(self, transcript.ends[bisect_right(transcript.ends, self.own_next)])
            self.own_passed += 1
            self.own_next = starts[self.own_passed] if self.own_passed < len(starts) else NEVER

    def _feed_by_line(self, data: bytes) -> None:
        whole = data.rfind(b"\n") + 1
        view = memoryview(data)
        text = self.transcript.text
        at = 0
        while at < whole:
            known = min(whole - at, self.own_next - self.offset, len(text) - self.offset)
            # Up to where the transcript ends or an own message stands, always the end of a line.
            if (
                known > 0
                and self.offset >= 0
                and self.counts is None
                and data[at + known - 1] == NEWLINE
                and text.startswith(view[at : at + known], self.offset)
            ):
                at += known
                self.transcript.move(self, self.offset + known)
                if self.offset == self.own_next:
                    self.hop()
                continue
            end = data.index(b"\n", at) + 1
            if not self._take(data[at:end]):
                break
            at = end
        self.rest = data[at:] + self.rest

    def _take(self, line: bytes) -> bool:
        """One line. False if it has to wait until the transcript knows it."""
        transcript = self.transcript
        if self.counts is not None:
            self._count(line)
        elif self.offset < 0:
            presence = PRESENCE.fullmatch(line)
            if presence and presence[2] == b"JOIN" and int(presence[1]) == self.index:
                return transcript.place(self)
            self.on_private(line)
        elif transcript.text.startswith(line, self.offset):
            transcript.move(self, self.offset + len(line))
            if self.offset == self.own_next:
                self.hop()
        elif self.offset == len(transcript.text):
            if transcript.hold(self, line):
                return False
            if not transcript.append(self, line):
                self.on_private(line)
            elif self.offset != len(transcript.text):
                transcript.move(self, len(transcript.text))
        elif transcript.wording.talk.fullmatch(line):
            self.detach()
            self._count(line)
        elif PRESENCE.fullmatch(line):
            raise ViolationError(f"{self} got out of order: {_shown(line)}")
        else:
            self.on_private(line)
        return True

    def detach(self) -> None:
        """Count this reader's messages by sender from now on."""
        transcript = self.transcript
        self.received = transcript.lines_before(self.offset) - self.own_passed
        self.counts = {}
        transcript.on_detach(self)
        transcript.leave(self)

    def expects(self, sender: int) -> int:
        """The number of the message that must come next from a sender."""
        if self.counts is not None and sender in self.counts:
            return self.counts[sender]
        return bisect_left(self.transcript.starts.get(sender, ()), self.offset)

    def _count(self, line: bytes) -> None:
        talk = self.transcript.wording.talk.fullmatch(line)
        if not talk:
            if not PRESENCE.fullmatch(line):
                self.on_private(line)
            return
        assert self.counts is not None
        sender, number = int(talk[3]), int(talk[4])
        expected = self.expects(sender)
        if number != expected or int(talk[1]) != sender or talk[2] != self.transcript.target:
            raise _unexpected(str(self), sender, number, expected)
        self.counts[sender] = number + 1
        self.received += 1
        self.transcript.on_arrival(self, sender, number)

    def last_line(self) -> bytes:
        """The line that it got last."""
        transcript = self.transcript
        line = transcript.lines_before(self.offset)
        return bytes(transcript.text[transcript.ends[line - 2] if line > 1 else 0 : self.offset])

    def is_up_to_date(self) -> bool:
        """Has it got everything that anybody has got? (A detached one is checked message by message.)"""
        return self.counts is not None or self.offset == len(self.transcript.text)

    def leave_channel(self) -> None:
        """It is not in the channel any more; its next JOIN says from where on it reads again."""
        self.offset = -1
        self.rest = b""

    def got(self) -> int:
        """Messages received so far (comings and goings included while not detached)."""
        if self.counts is not None:
            return self.received
        return self.transcript.lines_before(self.offset) - self.own_passed
