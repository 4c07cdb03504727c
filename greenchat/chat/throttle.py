"""A token bucket: how long somebody must wait before their next line is read."""


class TokenBucket:
    """`burst` actions at once, `rate` a second after that. Times are in ms, from whatever clock the caller has.

    It never refuses: it says how long to wait. rate 0 switches it off.
    """

    __slots__ = ("_full_at", "burst_ms", "cost_ms")

    def __init__(self, rate: float, burst: int) -> None:
        self.cost_ms = 1000 / rate if rate else 0.0
        self.burst_ms = burst * self.cost_ms
        self._full_at = 0.0

    def take(self, now: float, count: int = 1) -> float:
        """Use up `count` tokens; how many ms to wait until that was within the bounds (0 or less: none)."""
        self._full_at = max(self._full_at, now) + self.cost_ms * count
        return self._full_at - now - self.burst_ms
