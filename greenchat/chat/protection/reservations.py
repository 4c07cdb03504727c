"""Names reserved by operators with RESV: nobody may take these nicks, or join these channels.

The configuration has further ones: `reserved_nicks` and `reserved_channels`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from greenchat.protocol.casemap import Casefold
from greenchat.values.masks import alike, glob


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reserved name.

    mask: a nick, or a channel if it begins with #; * and ? stand for others. setter: the operator's nick.
    created, until: ms since the epoch; until 0 is for ever.
    """

    mask: str
    setter: str
    created: int
    until: int
    reason: str

    @property
    def is_channel(self) -> bool:
        """Whether the mask is for channels, not nicks."""
        return self.mask.startswith("#")

    def holds(self, now: int) -> bool:
        """Whether the reservation has not expired."""
        return not self.until or now < self.until

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, stored: Mapping[str, Any]) -> "Reservation":
        """Make a reservation from `document`'s output."""
        return cls(**{name: stored[name] for name in cls.__slots__})


class Reservations:
    """All reservations, without duplicates, ignoring case. mask_fold: see `masks.mask_fold`.

    Reads: iteration, len, key, get, of_name, is_any_over. Changes: put, drop, expire, shift.
    """

    __slots__ = ("_fold", "_reservations")

    def __init__(self, mask_fold: Casefold) -> None:
        self._fold = mask_fold
        self._reservations: dict[str, Reservation] = {}

    def __iter__(self) -> Iterator[Reservation]:
        """Return an iterator over the reservations, in the order in which they were made."""
        return iter(self._reservations.values())

    def __len__(self) -> int:
        """Return the number of reservations."""
        return len(self._reservations)

    def key(self, mask: str) -> str:
        """Return the key of a reservation: the same for all spellings of its mask."""
        return self._fold(mask)

    def get(self, mask: str) -> Reservation | None:
        """Return the reservation of exactly this mask."""
        return self._reservations.get(self._fold(mask))

    def of_name(self, name: str, now: int, look: Casefold | None = None) -> Reservation | None:
        """Return the oldest reservation that matches a nick or a channel. look: returns a nick's skeleton."""
        is_channel = name.startswith("#")
        for each in self:
            if each.is_channel != is_channel or not each.holds(now):
                continue
            if glob(each.mask, name, self._fold) or (look and glob(alike(each.mask, look), look(name))):
                return each
        return None

    def put(self, reservation: Reservation) -> None:
        """Add a reservation, or replace the one with the same mask."""
        self._reservations[self._fold(reservation.mask)] = reservation

    def drop(self, mask: str) -> Reservation | None:
        """Remove a reservation and return it."""
        return self._reservations.pop(self._fold(mask), None)

    def is_any_over(self, now: int) -> bool:
        """Whether `expire` would find one."""
        return any(not each.holds(now) for each in self)

    def expire(self, now: int) -> list[Reservation]:
        """Remove the expired reservations and return them."""
        over = [each for each in self if not each.holds(now)]
        for each in over:
            self.drop(each.mask)
        return over

    def shift(self, by: int, *, before: int) -> list[Reservation]:
        """Move the temporary reservations by a jump of the clock, in ms, and return them: see `ServerBans.shift`."""
        moved = [each for each in self if each.until and each.created <= before]
        moved = [replace(each, created=each.created + by, until=each.until + by) for each in moved]
        for each in moved:
            self.put(each)
        return moved
