"""Rate-limiting channel modes: `+j 5:10` joins, `+W 3:30` lines of one member, `+d 20` seconds before the first line.

`j` and its form are those of InspIRCd and Solanum, `W` and `d` those of InspIRCd's modules slowmode and delaymsg. `W`
and `d` do not apply to members with voice or more.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

JOINS, SLOW, DELAY = "j", "W", "d"
LETTERS = DELAY + JOINS + SLOW  # in the order of CHANMODES
LONGEST = 86_400  # seconds
MOST = 1000
_SECOND = 1000  # ms
_PAIR = re.compile(r"(\d{1,4}):(\d{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate limit: at most `count` within `seconds`; `d` uses only the seconds."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, letter: str, text: str) -> "RateLimit":
        """Parse a mode's parameter. Raises ValueError with a reason for users."""
        if letter == DELAY:
            if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= LONGEST):
                raise ValueError(f"+{letter} takes seconds, 1 to {LONGEST}")
            return cls(1, int(text))
        match = _PAIR.fullmatch(text)
        if not match or not 0 < int(match[1]) <= MOST or not 0 < int(match[2]) <= LONGEST:
            raise ValueError(f"+{letter} takes COUNT:SECONDS, like 5:10, of at most {MOST}:{LONGEST}")
        return cls(int(match[1]), int(match[2]))

    def text(self, letter: str) -> str:
        """Return the limit as the mode's parameter."""
        return str(self.seconds) if letter == DELAY else f"{self.count}:{self.seconds}"


class RecentTimes:
    """The times of recent events, in ms, for checking a limit."""

    __slots__ = ("_times",)

    def __init__(self, times: Iterable[int] = ()) -> None:
        self._times = deque(times)

    def dump(self) -> list[int]:
        """Return the times, with which an equal one can be made."""
        return list(self._times)

    def wait(self, limit: RateLimit, now: int) -> int:
        """Return the ms until another event is allowed, 0 for now. now: ms since the epoch."""
        # a time in the future is from before the clock was set back
        while self._times and not now - limit.seconds * _SECOND < self._times[0] <= now:
            self._times.popleft()
        if len(self._times) < limit.count:
            return 0
        return self._times[-limit.count] + limit.seconds * _SECOND - now

    def count(self, now: int) -> None:
        """Count an event that happens now."""
        self._times.append(now)
        if len(self._times) > MOST:
            self._times.popleft()
