"""Counters for metrics, as plain numbers: see `server.http.metrics`."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from time import monotonic

from greenchat.chat.user import Session
from greenchat.commands.catalog import run_line
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.messages.speech import MessageBurst
from greenchat.protocol.framing import LineTooLong
from greenchat.protocol.message import Message

BOUNDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds

_MINUTE = 60.0


class Durations:
    """A histogram of durations.

    counts: by the lowest of BOUNDS that is not exceeded, the last one for longer durations; total: seconds.
    """

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Add one duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class LongestDuration:
    """The longest duration of the last one to two minutes, in seconds."""

    __slots__ = ("_before", "_ends", "_now")

    def __init__(self) -> None:
        self._now = self._before = 0.0
        self._ends = 0.0  # the end of the current minute

    def observe(self, seconds: float, now: float) -> None:
        """Count a duration that ended now."""
        if now >= self._ends:
            self._turn_over(now)
        if seconds > self._now:
            self._now = seconds

    def value(self, now: float) -> float:
        """Return the longest duration."""
        if now >= self._ends:
            self._turn_over(now)
        return max(self._now, self._before)

    def _turn_over(self, now: float) -> None:
        self._before = self._now if now < self._ends + _MINUTE else 0.0
        self._now = 0.0
        self._ends = now + _MINUTE


class Meter:
    """Durations and counts of one server.

    turns: from the first line to the last send. commits: of the store. command_seconds: by name.

    refused: connections; throttled: lines that had to wait. received_messages and so on: totals of ended sessions.
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
        self.command_seconds: dict[str, float] = defaultdict(float)
        self.refused = 0
        self.throttled = 0
        self.received_messages = self.received_bytes = 0
        self.sent_messages = self.sent_bytes = 0

    def run_line(
        self, line: bytes | LineTooLong, context: Callable[[Message], Context]
    ) -> tuple[Context, Continuation | None]:
        """Run a line as `catalog.run_line` does, and measure the duration."""
        began = monotonic()
        ctx, continuation = run_line(line, context)
        self.command_seconds[ctx.message.command] += monotonic() - began
        return ctx, continuation

    def count_speech(self, bursts: Sequence[MessageBurst], seconds: float) -> None:
        """Count the time that it took to deliver plain messages, for each of their commands."""
        for route, _, _ in bursts:
            self.command_seconds[route.head.command] += seconds / len(bursts)

    def ended(self, session: Session) -> None:
        """Count a session that has ended."""
        self.received_messages += session.received_messages
        self.received_bytes += session.received_bytes
        self.sent_messages += session.outbox.sent_messages
        self.sent_bytes += session.outbox.sent_bytes
