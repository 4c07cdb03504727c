"""From where people have logged in to their accounts.

Wrong passwords are counted by address and by account, so that many strangers together get no more guesses than one. If
that were all, any stranger could lock an owner out, with a few wrong passwords every ten minutes. But where the right
one came from before is the owner's: there, only what comes from there counts.
"""

from collections.abc import Iterable

_MOST = 20  # origins of one account


class KnownOrigins:
    """Since the server started. Accounts are named by their ids, a origin is an `addresses.netblock`.

    Reads: knows, dump. Changes: note, forget, load.
    """

    __slots__ = ("_origins",)

    def __init__(self) -> None:
        self._origins: dict[str, dict[str, None]] = {}

    def knows(self, account: str, origin: str) -> bool:
        """Whether somebody has logged in to the account from there."""
        return origin in self._origins.get(account, ())

    def note(self, account: str, origin: str) -> None:
        """Note a login from a origin; beyond the limit, the origin used longest ago is forgotten."""
        origins = self._origins.setdefault(account, {})
        origins.pop(origin, None)
        origins[origin] = None
        if len(origins) > _MOST:
            del origins[next(iter(origins))]

    def dump(self) -> list[list[object]]:
        """All of them as JSON can hold it."""
        return [[account, list(origins)] for account, origins in self._origins.items()]

    def load(self, stored: Iterable[tuple[str, list[str]]]) -> None:
        """The reverse of `dump`."""
        self._origins = {account: dict.fromkeys(origins) for account, origins in stored}

    def forget(self, account: str) -> None:
        """There is no such account any more."""
        self._origins.pop(account, None)
