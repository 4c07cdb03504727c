"""Compares the input of a client with that of other members of its channel: see `transcript`.

A received chunk is compared with the transcript from the client's position on: one memory comparison for hundreds of
lines. Only a chunk that differs (a PING in between, a new line) is parsed line by line.
"""

from collections.abc import Callable

from greenchat.bench.transcript import Transcript, TranscriptPosition, ViolationError, shown, unexpected
from greenchat.bench.wire import PRESENCE

NEWLINE = 0x0A


class Reader(TranscriptPosition):
    """Reads for one client.

    on_private(line) is called with each line that is for it alone, or that is no message, join or departure.
    """

    __slots__ = ("on_private", "received", "rest")

    def __init__(self, transcript: Transcript, index: int, on_private: Callable[[bytes], None], *, echo: bool) -> None:
        super().__init__(transcript, index, echo=echo)
        self.on_private = on_private
        self.rest = b""  # input that could not be compared yet
        self.received = 0  # messages received since it was detached

    def feed(self, data: bytes) -> None:
        """Take bytes of the server, in any pieces.

        Raises ViolationError as soon as something is certainly wrong; lost messages show only in `expects`.
        """
        if self.rest:
            data = self.rest + data
            self.rest = b""
        end = self.offset + len(data)
        transcript = self.transcript
        # The fast path: other members have already got the same bytes, except for half a line at the end, which might
        # continue differently.
        if (
            self.offset >= 0
            and end <= self.own_next
            and data[-1:] == b"\n"
            and self.counts is None
            and transcript.text.startswith(data, self.offset)
        ):
            transcript.move(self, end)
            if end == self.own_next:
                transcript.hop(self)
        else:
            self._feed_by_line(data)

    def _feed_by_line(self, data: bytes) -> None:
        complete = data.rfind(b"\n") + 1
        view = memoryview(data)
        transcript = self.transcript
        text = transcript.text
        at = 0
        while at < complete:
            known = min(complete - at, self.own_next - self.offset, len(text) - self.offset)
            # Up to the end of the transcript or an own message, always the end of a line.
            if (
                known > 0
                and self.offset >= 0
                and self.counts is None
                and data[at + known - 1] == NEWLINE
                and text.startswith(view[at : at + known], self.offset)
            ):
                at += known
                transcript.move(self, self.offset + known)
                if self.offset == self.own_next:
                    transcript.hop(self)
                continue
            end = data.index(b"\n", at) + 1
            if not self._take(data[at:end]):
                break
            at = end
        self.rest = data[at:] + self.rest

    def _take(self, line: bytes) -> bool:
        """Handle one line; return False if it has to wait for the transcript."""
        transcript = self.transcript
        if self.counts is not None:
            self._count(line)
        elif self.offset < 0:
            presence = PRESENCE.fullmatch(line)
            if presence and presence[2] == b"JOIN" and int(presence[1]) == self.index:
                return transcript.find(self)
            self.on_private(line)
        elif transcript.text.startswith(line, self.offset):
            transcript.move(self, self.offset + len(line))
            if self.offset == self.own_next:
                transcript.hop(self)
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
            raise ViolationError(f"{self} got out of order: {shown(line)}")
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
            raise unexpected(str(self), sender, number, expected)
        self.counts[sender] = number + 1
        self.received += 1
        self.transcript.on_arrival(self, sender, number)

    def last_line(self) -> bytes:
        """Return the last line that it got."""
        transcript = self.transcript
        line = transcript.lines_before(self.offset)
        return bytes(transcript.text[transcript.ends[line - 2] if line > 1 else 0 : self.offset])

    def leave_channel(self) -> None:
        """Leave the channel; the reader continues at its next JOIN."""
        self.offset = -1
        self.rest = b""

    def got(self) -> int:
        """Return the number of messages received (including joins and departures unless detached)."""
        if self.counts is not None:
            return self.received
        return self.transcript.lines_before(self.offset) - self.own_passed
