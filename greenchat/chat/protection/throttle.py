"""Throttles for lines and attempts, which return the time to wait."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any


class TokenBucket:
    """`burst` actions at once, then `rate` a second. Times are in ms of the caller's clock.

    It never refuses, but returns the time to wait. rate 0 disables it. first: tokens at the start; the rest of the
    burst is added over time, or by `fill`. full_at: when the burst is complete.
    """

    __slots__ = ("burst_ms", "cost_ms", "full_at")

    def __init__(self, rate: float, burst: int, *, first: int | None = None, now: float = 0.0) -> None:
        self.cost_ms = 1000 / rate if rate else 0.0
        self.burst_ms = burst * self.cost_ms
        self.full_at = 0.0 if first is None else now + max(0, burst - first) * self.cost_ms

    def fill(self) -> None:
        """Make the whole burst available at once."""
        self.full_at = 0.0

    def take(self, now: float, count: int = 1) -> float:
        """Take `count` tokens; return the ms until that is within the limit (0 or less: none)."""
        self.full_at = max(self.full_at, now) + self.cost_ms * count
        return self.full_at - now - self.burst_ms

    def wait(self, now: float, count: int = 1) -> float:
        """Return the result of `take` without taking tokens."""
        return max(self.full_at, now) + self.cost_ms * count - now - self.burst_ms

    def is_full(self, now: float) -> bool:
        """Whether the burst is complete."""
        return self.full_at <= now

    def take_if_there(self, now: float, count: int) -> bool:
        """Take `count` tokens if they are available; return whether they were."""
        full_at = self.full_at
        if full_at < now:  # `max` takes longer
            full_at = now
        full_at += self.cost_ms * count
        if full_at - now > self.burst_ms:
            return False
        self.full_at = full_at
        return True


class Attempts:
    """A throttle on repeated actions: wrong passwords, registrations of accounts.

    At most `limit` within `window` ms; limit 0 disables it.

    Reads: wait, has_room, dump. Changes: begin, end, count, succeeded, forget_old, load.
    """

    __slots__ = ("_failures", "_under_way", "limit", "window")

    def __init__(self, limit: int, window: int) -> None:
        self.limit = limit
        self.window = window
        self._failures: dict[str, deque[int]] = {}
        self._under_way: Counter[str] = Counter()

    def wait(self, key: str, now: int) -> int:
        """Return how many ms `key` has to wait before the next attempt; 0 for none. now: in ms."""
        failures = self._failures.get(key)
        if failures is None or not self.limit:
            return 0
        # a time in the future is from before the clock was set back
        while failures and not now - self.window < failures[0] <= now:
            failures.popleft()
        if not failures:
            del self._failures[key]
            return 0
        return failures[-self.limit] + self.window - now if len(failures) >= self.limit else 0

    def has_room(self, key: str, now: int, *, nodes: int = 1) -> bool:
        """Whether another attempt could fail without exceeding the limit, if all running attempts fail, too.

        nodes: their number; each may run as many attempts, of which this one learns only when they fail. Only the last
        remaining attempt may run on all of them at the same time.
        """
        if not self.limit or self.wait(key, now):
            return not self.limit
        under_way, left = self._under_way[key], self.limit - len(self._failures.get(key, ()))
        return (under_way + 1) * nodes <= left or (under_way == 0 and left > 0)

    def begin(self, key: str) -> None:
        """Begin an attempt whose outcome is not known yet."""
        self._under_way[key] += 1

    def end(self, key: str) -> None:
        """End an attempt; call `count`, too, if it failed."""
        self._under_way[key] -= 1
        if self._under_way[key] <= 0:
            del self._under_way[key]

    def count(self, key: str, now: int) -> None:
        """Count a failed attempt, or another limited action."""
        if self.limit:
            failures = self._failures.setdefault(key, deque())
            failures.append(now)
            while len(failures) > self.limit:
                failures.popleft()

    def succeeded(self, key: str) -> None:
        """Forget all attempts of `key` after a successful one."""
        self._failures.pop(key, None)

    def dump(self) -> list[list[object]]:
        """Return the counted attempts as a JSON value, without those under way."""
        return [[key, list(times)] for key, times in sorted(self._failures.items())]

    def load(self, stored: Iterable[Sequence[Any]]) -> None:
        """Load `dump`'s output."""
        self._failures = {key: deque(times) for key, times in stored}

    def forget_old(self, now: int) -> None:
        """Drop everyone without recent attempts, so that the table does not grow for ever."""
        for key in list(self._failures):
            self.wait(key, now)
