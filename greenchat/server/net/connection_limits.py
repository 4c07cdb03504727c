"""Connection limits: the number of connections, per address, per minute; and how long a lost user may return."""

from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress

from greenchat.chat.lost_users import LostUsers
from greenchat.chat.user import Session
from greenchat.commands.connection.lost_connections import can_resume
from greenchat.config.options import Connections
from greenchat.values import addresses

_MINUTE = 60_000  # ms
_MOST_MISSED = 10_000  # lost users: each holds a nick and memory


class RefusedError(Exception):
    """A refused connection; the text says why. status: the HTTP status for it."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class ConnectionLimits:
    """Counts connections by netblock. The options are an argument of each call, so that a reload takes effect at once.

    Reads: check. Changes: enter, add, leave, count, uncount, undo_count, forget_old. now: in ms. host: an IP address.
    """

    __slots__ = ("_by_netblock", "_recent", "open")

    def __init__(self) -> None:
        self.open = 0
        self._by_netblock: Counter[str] = Counter()
        self._recent: dict[str, deque[int]] = {}

    def enter(
        self, host: str, options: Connections, *, capacity: int, now: int, make_room: Callable[[], bool] = bool
    ) -> None:
        """Count a new connection. Raises RefusedError.

        capacity: the maximum number for this system. make_room: ends an idle connection; returns whether there was one.
        """
        most = options.most or capacity
        if self.open >= most and not make_room():
            raise RefusedError(f"This server is full ({most} connections)", 503)
        self.count(host, options, now)
        self.open += 1

    def add(self, host: str) -> None:
        """Count an admitted connection without checking limits. host: "" where it is counted for no address."""
        self.open += 1
        if host:
            self._by_netblock[addresses.netblock(host)] += 1

    def leave(self, host: str) -> None:
        """Remove a connection that has ended. host: "" if it is counted for no address."""
        self.open -= 1
        if host:
            self.uncount(host)

    def count(self, host: str, options: Connections, now: int) -> None:
        """Count a connection for its address. Raises RefusedError."""
        self.check(host, options, now)
        netblock = addresses.netblock(host)
        self._by_netblock[netblock] += 1
        if addresses.is_within(host, options.exempt):
            return
        if options.per_minute:
            self._recent.setdefault(netblock, deque()).append(now)
        if options.per_network:
            self._recent.setdefault(addresses.site(host), deque()).append(now)

    def check(self, host: str, options: Connections, now: int) -> None:
        """Check that one more connection from this address is allowed. Raises RefusedError."""
        if addresses.is_within(host, options.exempt):
            return
        netblock = addresses.netblock(host)
        if options.per_address and self._by_netblock[netblock] >= options.per_address:
            raise _too_many(f"address: at most {options.per_address} at once")
        if options.per_minute and self._count_recent(netblock, now) >= options.per_minute:
            raise _too_many(f"address: at most {options.per_minute} a minute")
        if options.per_network and self._count_recent(addresses.site(host), now) >= options.per_network:
            raise _too_many(f"network: at most {options.per_network} a minute")

    def uncount(self, host: str) -> None:
        """Remove the count of a connection from this address."""
        netblock = addresses.netblock(host)
        self._by_netblock[netblock] -= 1
        if not self._by_netblock[netblock]:
            del self._by_netblock[netblock]

    def undo_count(self, host: str, options: Connections) -> None:
        """Undo the count of a connection from this address, also for the rate."""
        self.uncount(host)
        if addresses.is_within(host, options.exempt):
            return
        for group in addresses.netblock(host), addresses.site(host):
            with suppress(KeyError, IndexError):
                self._recent[group].pop()

    def forget_old(self, now: int) -> None:
        """Drop addresses without recent connections, so that the table does not grow for ever."""
        for netblock in list(self._recent):
            self._count_recent(netblock, now)

    def _count_recent(self, netblock: str, now: int) -> int:
        recent = self._recent.get(netblock)
        if recent is None:
            return 0
        # a time in the future is from before the clock was set back
        while recent and not now - _MINUTE < recent[0] <= now:
            recent.popleft()
        if not recent:
            del self._recent[netblock]
        return len(recent)


def _too_many(of_what: str) -> RefusedError:
    return RefusedError(f"Too many connections from your {of_what}", 429)


def grace_of(session: Session, waiting: LostUsers, options: Connections) -> int:
    """Return for how many ms the user of a lost session may return; 0: the user leaves at once.

    An address has at most as many such users as it may have connections: otherwise a client that repeatedly connects
    and breaks its connection could fill the server with users.
    """
    if not can_resume(session) or len(waiting) >= _MOST_MISSED:
        return 0
    is_bounded = options.per_address and not addresses.is_within(session.host, options.exempt)
    if is_bounded and waiting.from_address(session.host) >= options.per_address:
        return 0
    return int(options.grace * 1000)
