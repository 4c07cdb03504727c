"""What is counted where it happens, as plain numbers, for whoever asks: see `server.http.metrics`."""

from bisect import bisect_left
from collections import Counter

from greenchat.chat.user import Session

BOUNDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds


class Durations:
    """How often something took how long.

    counts: by the first of BOUNDS that it did not exceed, and last those that exceeded all; total: seconds.
    """

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """It took so long once more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Meter:
    """turns: from the first line to the last send. commits: of the store. command_seconds: by name.

    refused: connections; throttled: lines that had to wait. received_messages and so on: of sessions that have ended.
    """

    __slots__ = (
        "command_seconds",
        "commits",
        "received_bytes",
        "received_messages",
        "refused",
        "sent_bytes",
        "sent_messages",
        "throttled",
        "turns",
    )

    def __init__(self) -> None:
        self.turns = Durations()
        self.commits = Durations()
        self.command_seconds: Counter[str] = Counter()
        self.refused = 0
        self.throttled = 0
        self.received_messages = self.received_bytes = 0
        self.sent_messages = self.sent_bytes = 0

    def command(self, name: str, seconds: float) -> None:
        """A command was run."""
        self.command_seconds[name] += seconds  # type: ignore[assignment]  # a Counter of seconds

    def ended(self, session: Session) -> None:
        """A session has ended."""
        self.received_messages += session.received_messages
        self.received_bytes += session.received_bytes
        self.sent_messages += session.outbox.sent_messages
        self.sent_bytes += session.outbox.sent_bytes
