"""Who has lost their last connection through no fault of their own, and has some time to come back.

They are users without sessions, as those are who always stay; nobody is told that they are gone until their time is up.
"""

from collections import Counter
from collections.abc import Iterator

from greenchat.chat.user import User
from greenchat.values.addresses import netblock


class Waiting:
    """Users by the time that is left to them, and all users by what they prove to be when they come back.

    Reads: in, len, from_address, guest, over, until, needs_tls.
    Changes: know, forget, add, drop, come_back, require_tls, shift.
    """

    __slots__ = ("_by_guest_id", "_from", "_through_tls", "_until")

    def __init__(self) -> None:
        self._until: dict[User, int] = {}
        self._from: Counter[str] = Counter()  # by netblock
        self._by_guest_id: dict[str, User] = {}  # after an upgrade thousands come back at once
        self._through_tls: set[str] = set()  # guest_ids

    def __contains__(self, user: User) -> bool:
        return user in self._until

    def __iter__(self) -> Iterator[User]:
        return iter(self._until)

    def __len__(self) -> int:
        return len(self._until)

    def from_address(self, host: str) -> int:
        """Return how many of them came from an address, or from its netblock."""
        return self._from[_block(host)]

    def know(self, user: User) -> None:
        """Note a user who is here, and who may prove later to have been."""
        self._by_guest_id[user.guest_id] = user

    def forget(self, user: User) -> None:
        """Forget a user who has left."""
        self._by_guest_id.pop(user.guest_id, None)
        self._through_tls.discard(user.guest_id)

    def require_tls(self, user: User) -> None:
        """Note that a user was here through TLS: what was said before, in the clear, proves nothing any more."""
        self._through_tls.add(user.guest_id)

    def needs_tls(self, user: User) -> bool:
        """Whether a user was here through TLS."""
        return user.guest_id in self._through_tls

    def guest(self, guest_id: str) -> User | None:
        """Return the user of a guest_id: one who waits, or whose connection may be broken and not ended yet."""
        return self._by_guest_id.get(guest_id)

    def add(self, user: User, until: int) -> None:
        """Let a user come back until a time in ms since the epoch."""
        self._from[_block(user.real_host)] += user not in self._until
        self._until[user] = until

    def drop(self, user: User) -> None:
        """Note that a user has come back, or has left."""
        if self._until.pop(user, None) is not None:
            block = _block(user.real_host)
            self._from[block] -= 1
            if not self._from[block]:
                del self._from[block]

    def come_back(self, user: User, *, secure: bool) -> None:
        """Note that a user is here with one more connection. secure: through TLS."""
        self.drop(user)
        if secure:
            self.require_tls(user)

    def over(self, now: int) -> list[User]:
        """Return those whose time is up. now: ms since the epoch."""
        return [user for user, until in self._until.items() if until <= now]

    def shift(self, jump: int, *, now: int) -> None:
        """Follow a clock that was set forward by so many ms, or back, and says `now`: who was lost before that waits on
        for as long as they would have.
        """
        for user, until in self._until.items():
            if user.left > now if jump < 0 else user.left <= now - jump:
                self._until[user] = until + jump
                user.left += jump

    def until(self, user: User) -> int:
        """Return how long a user may stay away, in ms since the epoch. Raises KeyError."""
        return self._until[user]


def _block(host: str) -> str:
    try:
        return netblock(host)
    except ValueError:
        return host  # what a gateway has named
