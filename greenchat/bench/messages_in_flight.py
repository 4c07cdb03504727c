"""A steady load with a fixed number of messages in flight: a new one is sent when one has reached all its receivers.

A message is tracked by parties: each transcript with counted readers is one (it is done once all of them have passed
the message), and each detached reader is one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from greenchat.bench.transcript import Transcript, TranscriptPosition
from greenchat.bench.wire import nick


@dataclass(slots=True, eq=False)
class Room:
    """A channel (or a pair) with its listeners, by transcript."""

    target: bytes
    transcripts: list[Transcript] = field(default_factory=list)
    detached: list[TranscriptPosition] = field(default_factory=list)


class MessagesInFlight:
    """Keeps `wanted` messages in flight over all rooms.

    say(sender, target, number) sends a message. speakers: the endless sequence of senders and channels.
    """

    def __init__(
        self,
        wanted: int,
        rooms: Sequence[Room],
        say: Callable[[int, bytes, int], None],
        speakers: Iterator[tuple[int, Room]],
    ) -> None:
        self.wanted = wanted
        self.rooms = rooms
        self.say = say
        self.speakers = speakers
        self.talking = False
        self.completed = 0
        self.delays: list[float] = []  # seconds from sending to the last receiver, of each message
        self.sent_counts: dict[int, int] = {}  # sender -> how many messages
        self.in_flight: dict[tuple[int, int], Room] = {}
        self._left: dict[tuple[int, int], int] = {}  # message -> parties that have not received it yet
        self._sent: dict[tuple[int, int], float] = {}
        self.late: list[float] = []  # delays to detached readers

    def start(self) -> None:
        """Send the first messages."""
        self.talking = True
        for _ in range(self.wanted - len(self.in_flight)):
            self.speak()

    def stop(self) -> None:
        """Stop sending; messages in flight may arrive."""
        self.talking = False

    def said_at(self, sender: int, number: int) -> float:
        """Return when a message in flight was sent, in seconds of perf_counter; 0 if it is not in flight."""
        return self._sent.get((sender, number), 0.0)

    def said_by(self, sender: int) -> int:
        """Return the number of messages that a sender has said."""
        return self.sent_counts.get(sender, 0)

    def speak(self) -> None:
        """Send one message more."""
        sender, room = next(self.speakers)
        number = self.sent_counts.get(sender, 0)
        self.sent_counts[sender] = number + 1
        message = (sender, number)
        self.in_flight[message] = room
        self._left[message] = sum(1 for each in room.transcripts if each.listeners(sender)) + sum(
            1 for each in room.detached if each.hears(sender)
        )
        self._sent[message] = perf_counter()
        self.say(sender, room.target, number)

    def on_complete(self, sender: int, number: int) -> None:
        """Note that one party of a message has received it."""
        message = (sender, number)
        self._left[message] -= 1
        if self._left[message]:
            return
        del self._left[message]
        del self.in_flight[message]
        self.delays.append(perf_counter() - self._sent.pop(message))
        self.completed += 1
        if self.talking:
            self.speak()

    def on_arrival(self, place: TranscriptPosition, sender: int, number: int) -> None:
        """Note that a detached reader has received a message."""
        if (sender, number) in self._sent:
            self.late.append(perf_counter() - self._sent[sender, number])
            self.on_complete(sender, number)

    def on_detach(self, place: TranscriptPosition) -> None:
        """Make the reader a separate party; drop its transcript if it has no other readers."""
        transcript = place.transcript
        room = next(room for room in self.rooms if transcript in room.transcripts)
        room.detached.append(place)
        pending = [message for message, target in self.in_flight.items() if target is room]
        for sender, number in pending:
            if number >= place.expects(sender) and place.hears(sender):
                self._left[sender, number] += 1
        unseen = [
            (sender, number)
            for sender, number in pending
            if transcript.listeners(sender) and number >= len(transcript.starts.get(sender, ()))
        ]
        transcript.leave(place)
        for sender, number in unseen:
            if not transcript.listeners(sender):
                self.on_complete(sender, number)

    def missing(self, places: Sequence[TranscriptPosition]) -> str:
        """Describe the first missing message and its receivers; return "" if none is missing."""
        for (sender, number), room in self.in_flight.items():
            without = [
                place
                for place in places
                if place.transcript in room.transcripts and place.expects(sender) <= number and place.hears(sender)
            ]
            names = ", ".join(map(str, without[:3])) + (" ..." if len(without) > 3 else "")
            return f"message {number} of {nick(sender).decode()} was lost for {len(without)} of its receivers ({names})"
        return ""
