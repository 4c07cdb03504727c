"""Limits on what one connection, one account and one address may add to the history, in bytes a minute.

Each connection draws a portion and uses it up (`Session.room`), so a message costs one subtraction, and the limits are
checked only when a portion is used up.
"""

from collections.abc import Iterator
from typing import Protocol

from greenchat.chat.protection.throttle import TokenBucket
from greenchat.config.options import Connections, Throttle
from greenchat.values.addresses import is_within, netblock

PORTION = 8 * 1024  # bytes
EVENT = 96  # bytes that an event takes beside its text, with its place in the index
LIGHT = 512  # bytes that are stored for as long as another command takes: see Context.weight
LIGHT_DOCUMENT = 4 * 1024  # the same, of documents: they are neither indexed nor sealed
DOCUMENT = 256  # bytes that a setting takes: they are short, and replace each other
CLOSURE = 4 * 1024  # bytes: a closed channel takes memory, too, as long as messages of that time are left
_MINUTE = 60.0  # seconds
_KIB = 1024


class MeteredSession(Protocol):
    """The parts of a session that matter here."""

    host: str
    number: int
    room: int


class HistoryQuota:
    """The bounds, and what was drawn recently.

    only_accounts: the disk is nearly full, so guests may not write.

    Changes: use, draw, charge_rest, shift, forget_old.
    """

    __slots__ = ("_buckets", "_connections", "_throttle", "only_accounts")

    def __init__(self) -> None:
        self._throttle = Throttle()
        self._connections = Connections()
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self.only_accounts = False

    def use(self, throttle: Throttle, connections: Connections) -> None:
        """Apply the options; portions drawn under previous ones are forgotten."""
        self._throttle = throttle
        self._connections = connections
        self._buckets.clear()

    def draw(self, session: MeteredSession, account: str, now: int) -> int:
        """Give a connection a portion and return 0, or return the ms until one will be available.

        Bytes written beyond the last portion are taken from the next ones. account: its id, "" without one. now: ms
        since the epoch.
        """
        bounds = list(self._bounds(session, account))
        portion = min((PORTION - min(session.room, 0), *(bound for _, bound in bounds)))
        buckets = [self._bucket(key, bound) for key, bound in bounds]
        wait = max((bucket.wait(now, portion) for bucket in buckets), default=0.0)
        if wait > 0:
            return int(wait) + 1
        for bucket in buckets:
            bucket.take(now, portion)
        session.room += portion
        return 0

    def charge_rest(self, session: MeteredSession, account: str, now: int) -> None:
        """Charge the address of a connection that has ended for what it has written beyond its last portion.

        account: its id, "" without one. now: ms since the epoch.
        """
        debt, session.room = -session.room, 0
        if debt > 0:
            for key, bound in self._bounds(session, account):
                self._bucket(key, bound).take(now, debt)

    def shift(self, jump: int) -> None:
        """Adjust to a jump of the clock by so many ms: nobody has to wait because of it."""
        for bucket in self._buckets.values():
            bucket.full_at += jump

    def forget_old(self, now: int) -> None:
        """Forget connections, accounts and addresses that have not written recently. now: ms since the epoch."""
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_full(now)}

    def _bounds(self, session: MeteredSession, account: str) -> Iterator[tuple[tuple[str, str], int]]:
        """Return the keys under which this connection's bytes are counted, each with its limit a minute."""
        throttle = self._throttle
        if not throttle.commands:
            return
        if throttle.stored_per_connection:
            yield ("connection", str(session.number)), throttle.stored_per_connection * _KIB
        if account and throttle.stored_per_account:
            yield ("account", account), throttle.stored_per_account * _KIB
        if throttle.stored_per_address and session.host and not is_within(session.host, self._connections.exempt):
            yield ("address", netblock(session.host)), throttle.stored_per_address * _KIB

    def _bucket(self, key: tuple[str, str], bound: int) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(bound / _MINUTE, bound)
        return bucket
