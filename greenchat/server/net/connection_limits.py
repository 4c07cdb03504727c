"""Who may come in: how many connections there are, from where, and how fast they come."""

from collections import Counter, deque

from greenchat.config.options import Connections
from greenchat.values import addresses

_MINUTE = 60_000  # ms


class ConnectionLimits:
    """Counts connections. Reads the options that it is given each time, so that a reload takes effect at once."""

    __slots__ = ("_by_netblock", "_lately", "open")

    def __init__(self) -> None:
        self.open = 0
        self._by_netblock: Counter[str] = Counter()
        self._lately: dict[str, deque[int]] = {}

    def enter(self, host: str, options: Connections, *, capacity: int, now: int) -> str:
        """Let a connection in and return "", or return why not. host: an IP address. now: in ms.

        capacity: how many the system can carry.
        """
        most = options.most or capacity
        if self.open >= most:
            return f"This server is full: it takes {most} connections"
        netblock = addresses.netblock(host)
        if not addresses.is_within(host, options.exempt):
            if options.per_address and self._by_netblock[netblock] >= options.per_address:
                return f"Too many connections from your address: at most {options.per_address} at once"
            if options.per_minute and self._count_recent(netblock, now) >= options.per_minute:
                return f"Too many connections from your address: at most {options.per_minute} a minute"
            site = addresses.site(host)
            if options.per_network and self._count_recent(site, now) >= options.per_network:
                return f"Too many connections from your network: at most {options.per_network} a minute"
            if options.per_minute:
                self._lately.setdefault(netblock, deque()).append(now)
            if options.per_network:
                self._lately.setdefault(site, deque()).append(now)
        self.open += 1
        self._by_netblock[netblock] += 1
        return ""

    def leave(self, host: str) -> None:
        """A connection that was let in is gone."""
        netblock = addresses.netblock(host)
        self.open -= 1
        self._by_netblock[netblock] -= 1
        if not self._by_netblock[netblock]:
            del self._by_netblock[netblock]

    def forget_old(self, now: int) -> None:
        """Drop those who have not come lately, so that the table does not grow for ever."""
        for netblock in list(self._lately):
            self._count_recent(netblock, now)

    def _count_recent(self, netblock: str, now: int) -> int:
        recent = self._lately.get(netblock)
        if recent is None:
            return 0
        # what is later than now was noted before the clock was set back
        while recent and not now - _MINUTE < recent[0] <= now:
            recent.popleft()
        if not recent:
            del self._lately[netblock]
        return len(recent)
