"""The origins from which users have logged in to their accounts.

Wrong passwords are counted by address and by account, so that many attackers together get no more guesses than one.
That alone would let an attacker lock an owner out with a few wrong passwords every ten minutes. But for an origin with
a previous successful login only wrong passwords from that origin count.
"""

from collections.abc import Iterable

_MOST = 20  # origins of one account


class KnownOrigins:
    """The origins since the server started. Accounts are named by their ids, an origin is an `addresses.netblock`.

    Reads: knows, dump. Changes: note, forget, load.
    """

    __slots__ = ("_origins",)

    def __init__(self) -> None:
        self._origins: dict[str, dict[str, None]] = {}

    def knows(self, account: str, origin: str) -> bool:
        """Whether the account was logged in to from this origin."""
        return origin in self._origins.get(account, ())

    def note(self, account: str, origin: str) -> None:
        """Note a login from an origin; beyond the limit, the origin used longest ago is forgotten."""
        origins = self._origins.setdefault(account, {})
        origins.pop(origin, None)
        origins[origin] = None
        if len(origins) > _MOST:
            del origins[next(iter(origins))]

    def dump(self) -> list[list[object]]:
        """Return all of them as a JSON value."""
        return [[account, list(origins)] for account, origins in self._origins.items()]

    def load(self, stored: Iterable[tuple[str, list[str]]]) -> None:
        """Load `dump`'s output."""
        self._origins = {account: dict.fromkeys(origins) for account, origins in stored}

    def forget(self, account: str) -> None:
        """Forget the origins of an account that no longer exists."""
        self._origins.pop(account, None)
