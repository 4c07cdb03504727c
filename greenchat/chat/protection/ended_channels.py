"""The channels that have ended and about which something is kept. If that is too much in all, some are forgotten.

Whoever has no account can't push out what is kept for those who have one: channels that only guests were in go first.
"""

_MOST = 50_000  # things kept of them all, see `EndedChannels.add`: some 30 MB


class EndedChannels:
    """The channels, in the order in which they ended, and how much is kept of them.

    Reads: oldest, is_too_much. Changes: add, discard.
    """

    __slots__ = ("_sizes", "_total")

    def __init__(self) -> None:
        self._sizes: dict[bool, dict[str, int]] = {True: {}, False: {}}  # by whether only guests were in
        self._total = 0

    def __contains__(self, key: str) -> bool:
        return any(key in each for each in self._sizes.values())

    @property
    def is_too_much(self) -> bool:
        """Whether something has to be forgotten."""
        return self._total > _MOST

    def oldest(self) -> str:
        """Return the channel of which to forget all."""
        return next(iter(self._sizes[True] or self._sizes[False]))

    def add(self, key: str, size: int, *, of_guests: bool) -> None:
        """Add a channel as the last to end. size: how many closures, and spans in them, are kept of it."""
        self._sizes[of_guests][key] = size
        self._total += size

    def discard(self, key: str) -> None:
        """Remove a channel if it is there: it was created again, or nothing is kept of it any more."""
        for sizes in self._sizes.values():
            self._total -= sizes.pop(key, 0)
