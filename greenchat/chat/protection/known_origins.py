"""From where people have logged in to their accounts.

Wrong passwords are counted by address and by account, so that many strangers together get no more guesses than one. If
that were all, any stranger could lock an owner out, with a few wrong passwords every ten minutes. But where the right
one came from before is the owner's: there, only what comes from there counts.
"""

from collections.abc import Iterable

_MOST = 20  # places of one account


class KnownOrigins:
    """Since the server started. Accounts are named by their ids, a place is an `addresses.netblock`.

    Reads: knows, dump. Changes: note, forget, load.
    """

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: dict[str, dict[str, None]] = {}

    def knows(self, account: str, place: str) -> bool:
        """Whether somebody has logged in to the account from there."""
        return place in self._places.get(account, ())

    def note(self, account: str, place: str) -> None:
        """Note a login from a place; beyond the limit, the place used longest ago is forgotten."""
        places = self._places.setdefault(account, {})
        places.pop(place, None)
        places[place] = None
        if len(places) > _MOST:
            del places[next(iter(places))]

    def dump(self) -> list[list[object]]:
        """All of them as JSON can hold it."""
        return [[account, list(places)] for account, places in self._places.items()]

    def load(self, stored: Iterable[tuple[str, list[str]]]) -> None:
        """The reverse of `dump`."""
        self._places = {account: dict.fromkeys(places) for account, places in stored}

    def forget(self, account: str) -> None:
        """There is no such account any more."""
        self._places.pop(account, None)
