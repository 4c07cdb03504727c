"""Channels that have ended and about which something is stored. Beyond a total, some of them are forgotten.

Guests can't push out what is stored for users with an account: channels with guests only are forgotten first. And one
person can push out only a hundredth of what is stored for others: beyond that the person's own oldest channels go.
More takes more accounts, or for the channels of guests more connections, both of which are throttled.
"""

_MOST = 50_000  # the largest total of sizes, see `EndedChannels.add`: some 30 MB
_SHARES = 100


class EndedChannels:
    """The channels, in the order in which they ended, and how much is kept of them.

    Reads: is_too_much, next_to_forget. Changes: add, discard.
    """

    __slots__ = ("_latest", "_owned", "_owners", "_sizes", "_total")

    def __init__(self) -> None:
        self._sizes: dict[bool, dict[str, int]] = {True: {}, False: {}}  # by whether only guests were in
        self._owners: dict[str, str] = {}
        self._owned: dict[str, dict[str, int]] = {}  # the sizes of the channels of each owner
        self._latest = ""  # the owner of the last channel
        self._total = 0

    def __contains__(self, key: str) -> bool:
        return key in self._owners

    @property
    def is_too_much(self) -> bool:
        """Whether something has to be forgotten."""
        return self._total > _MOST

    def next_to_forget(self) -> str:
        """Return the channel to be forgotten, after one was added."""
        owned = self._owned.get(self._latest, {})
        if len(owned) > 1 and sum(owned.values()) > _MOST // _SHARES:
            return next(iter(owned))
        return next(iter(self._sizes[True] or self._sizes[False]))

    def add(self, key: str, size: int, owner: str, *, of_guests: bool) -> None:
        """Add a channel as the last to end.

        size: how many closures, and spans in them, are kept of it. owner: the identity to which it is counted.
        """
        self._sizes[of_guests][key] = size
        self._owners[key] = self._latest = owner
        self._owned.setdefault(owner, {})[key] = size
        self._total += size

    def discard(self, key: str) -> None:
        """Remove a channel if it is there: it was created again, or nothing is kept of it any more."""
        owner = self._owners.pop(key, "")
        if not owner:
            return
        self._total -= self._owned[owner].pop(key)
        if not self._owned[owner]:
            del self._owned[owner]
        for sizes in self._sizes.values():
            sizes.pop(key, None)
