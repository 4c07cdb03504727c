"""Users who have left or changed their nick: what WHOWAS shows. https://modern.ircdocs.horse/#whowas-message"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from greenchat.chat.user import User


@dataclass(frozen=True, slots=True)
class WhowasEntry:
    """A user at the moment of giving up a nick; time in ms since the epoch; identity: see `User.identity`."""

    nick: str
    username: str
    host: str
    realname: str
    account: str
    real_host: str
    time: int
    identity: str = ""

    @classmethod
    def of(cls, user: User, now: int) -> "WhowasEntry":
        """Return a record of a user as they are now. now: ms since the epoch."""
        shown = (user.nick, user.username, user.host, user.realname, user.account)
        return cls(*shown, real_host=user.real_host, time=now, identity=user.identity)


class Whowas:
    """The last `limit` users who gave up a nick, found by nick without a search.

    Reads: iteration, of, dump. Changes: add, load.
    """

    __slots__ = ("_by_nick", "_order", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._order: deque[str] = deque()
        self._by_nick: dict[str, deque[WhowasEntry]] = {}

    def add(self, folded: str, departed: WhowasEntry) -> None:
        """Remember a user under their folded nick; beyond the limit the oldest is forgotten."""
        self._order.append(folded)
        self._by_nick.setdefault(folded, deque()).appendleft(departed)
        while len(self._order) > self.limit:
            oldest = self._order.popleft()
            entries = self._by_nick[oldest]
            entries.pop()
            if not entries:
                del self._by_nick[oldest]

    def dump(self) -> list[list[object]]:
        """Return all of them, the oldest first, as a JSON value."""
        left = {name: iter(reversed(entries)) for name, entries in self._by_nick.items()}
        return [[name, *astuple(next(left[name]))] for name in self._order]

    def load(self, stored: Iterable[Sequence[Any]]) -> None:
        """Load `dump`'s output."""
        for name, *fields in stored:
            self.add(name, WhowasEntry(*fields))

    def __iter__(self) -> Iterator[WhowasEntry]:
        """Return an iterator over all of them, the latest first, also those of one millisecond."""
        left = {name: iter(entries) for name, entries in self._by_nick.items()}
        return (next(left[name]) for name in reversed(self._order))

    def of(self, folded: str) -> Iterator[WhowasEntry]:
        """Yield the former users of this nick, the latest first."""
        return iter(self._by_nick.get(folded, ()))
