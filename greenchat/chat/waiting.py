"""Who has lost their last connection through no fault of their own, and has some time to come back.

They are users without sessions, as those are who always stay; nobody is told that they are gone until their time is up.
"""

from collections.abc import Iterator

from greenchat.chat.user import User


class Waiting:
    """Users by the time that is left to them.

    Reads: in, guest, over, until. Changes: add, drop.
    """

    __slots__ = ("_guests", "_until")

    def __init__(self) -> None:
        self._until: dict[User, int] = {}
        self._guests: dict[str, User] = {}  # by guest_id: after an upgrade thousands come back at once

    def __contains__(self, user: User) -> bool:
        return user in self._until

    def __iter__(self) -> Iterator[User]:
        return iter(self._until)

    def add(self, user: User, until: int) -> None:
        """Let a user come back until a time in ms since the epoch."""
        self._until[user] = until
        self._guests[user.guest_id] = user

    def drop(self, user: User) -> None:
        """Note that a user has come back, or has left."""
        self._until.pop(user, None)
        self._guests.pop(user.guest_id, None)

    def guest(self, guest_id: str) -> User | None:
        """Return the user of a guest_id, if they may still come back."""
        return self._guests.get(guest_id)

    def over(self, now: int) -> list[User]:
        """Return those whose time is up. now: ms since the epoch."""
        return [user for user, until in self._until.items() if until <= now]

    def until(self, user: User) -> int:
        """Return how long a user may stay away, in ms since the epoch. Raises KeyError."""
        return self._until[user]
