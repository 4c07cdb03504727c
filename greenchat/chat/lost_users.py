"""Users who have lost their last connection unintentionally, and have some time to return.

Like always-on users they have no sessions; others see no QUIT until their time is up.
"""

from collections import Counter
from collections.abc import Iterator

from greenchat.chat.user import User
from greenchat.values.addresses import netblock


class LostUsers:
    """Lost users with their deadlines, and all users by guest_id, for their return.

    Reads: in, len, from_address, guest, over, until, needs_tls.
    Changes: know, forget, add, drop, come_back, require_tls, shift.
    """

    __slots__ = ("_by_guest_id", "_from", "_through_tls", "_until")

    def __init__(self) -> None:
        self._until: dict[User, int] = {}
        self._from: Counter[str] = Counter()  # by netblock
        self._by_guest_id: dict[str, User] = {}  # after an upgrade thousands return at once
        self._through_tls: set[str] = set()  # guest_ids

    def __contains__(self, user: User) -> bool:
        return user in self._until

    def __iter__(self) -> Iterator[User]:
        return iter(self._until)

    def __len__(self) -> int:
        return len(self._until)

    def from_address(self, host: str) -> int:
        """Return the number of lost users from an address's netblock."""
        return self._from[_block(host)]

    def know(self, user: User) -> None:
        """Add a user, who may return later by guest_id."""
        self._by_guest_id[user.guest_id] = user

    def forget(self, user: User) -> None:
        """Forget a user who has left."""
        self._by_guest_id.pop(user.guest_id, None)
        self._through_tls.discard(user.guest_id)

    def require_tls(self, user: User) -> None:
        """Note that a user has used TLS: tokens that were sent without TLS before are no longer valid."""
        self._through_tls.add(user.guest_id)

    def needs_tls(self, user: User) -> bool:
        """Whether a user has used TLS."""
        return user.guest_id in self._through_tls

    def guest(self, guest_id: str) -> User | None:
        """Return the user of a guest_id, lost or still connected: a broken connection may not have ended yet."""
        return self._by_guest_id.get(guest_id)

    def add(self, user: User, until: int) -> None:
        """Let a user return until a time in ms since the epoch."""
        self._from[_block(user.real_host)] += user not in self._until
        self._until[user] = until

    def drop(self, user: User) -> None:
        """Note that a user has returned, or has left."""
        if self._until.pop(user, None) is not None:
            block = _block(user.real_host)
            self._from[block] -= 1
            if not self._from[block]:
                del self._from[block]

    def come_back(self, user: User, *, secure: bool) -> None:
        """Note another connection of a user. secure: whether it uses TLS."""
        self.drop(user)
        if secure:
            self.require_tls(user)

    def over(self, now: int) -> list[User]:
        """Return the users whose time is up. now: ms since the epoch."""
        return [user for user, until in self._until.items() if until <= now]

    def shift(self, jump: int, *, now: int) -> None:
        """Adjust to a jump of the clock by so many ms to `now`, so that users lost before it keep their time."""
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
        return host  # a name reported by a gateway
