"""Limits on requests: how often one address may ask, and how many connections may be incomplete."""

import time
from contextlib import suppress
from typing import NamedTuple

from greenchat.chat.protection.throttle import TokenBucket
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError, format_error
from greenchat.server.net.connection import Connection
from greenchat.values import addresses
from greenchat.values.addresses import IpNetwork, is_within, netblock

_MINUTE = 60_000.0  # ms
_TOKEN_BURST = 20  # calls of one token at once
_BUSY = format_error(HttpError(503, "The server is too busy; try again", Retry_After="10"))


class RequestLimits:
    """Counts requests by address. Times in ms of the monotonic clock."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def count(self, address: str, now: float, web: Web, exempt: tuple[IpNetwork, ...]) -> None:
        """Count a request. Raises HttpError if it is one too many."""
        if not web.requests or is_within(address, exempt):
            return
        block = netblock(address)
        bucket = self._buckets.get(block)
        if bucket is None or bucket.burst_ms != _MINUTE:
            bucket = self._buckets[block] = TokenBucket(web.requests / 60, web.requests)
        wait = bucket.take(now)
        if wait > 0:
            bucket.take(now, -1)  # a refused client does not extend its own wait
            raise HttpError(429, "Too many requests from your address", Retry_After=str(int(wait // 1000) + 1))

    def forget_old(self, now: float) -> None:
        """Drop the addresses that have been quiet."""
        for block, bucket in list(self._buckets.items()):
            if bucket.take(now, 0) <= -bucket.burst_ms:
                del self._buckets[block]

    def __len__(self) -> int:
        return len(self._buckets)


class TokenLimits:
    """Counts the calls of each token."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def count(self, hashed: str, rate: int) -> None:
        """Count one call. rate: calls a minute after the first few, 0 for any number.

        Raises HttpError if it is one too many.
        """
        if not rate:
            return
        bucket = self._buckets.get(hashed)
        if bucket is None or bucket.cost_ms != _MINUTE / rate:
            bucket = self._buckets[hashed] = TokenBucket(rate / 60, _TOKEN_BURST)
            bucket.cost_ms = _MINUTE / rate
        now = time.monotonic() * 1000
        wait = bucket.take(now)
        if wait > 0:
            bucket.take(now, -1)
            raise HttpError(429, "Too many requests with this token", Retry_After=str(int(wait // 1000) + 1))

    def forget_old(self, now: float) -> None:
        """Drop the tokens that have been quiet. now: ms of the monotonic clock."""
        for hashed, bucket in list(self._buckets.items()):
            if bucket.take(now, 0) <= -bucket.burst_ms:
                del self._buckets[hashed]


class _WaitingRequest(NamedTuple):
    """A connection without a complete request. is_idle: whether it had an answer, and nothing was received since."""

    netblock: str
    is_idle: bool


class UnfinishedRequests:
    """Connections from which a request, or the rest of one, is awaited: beyond the limit the oldest is cut."""

    __slots__ = ("_by_netblock", "_connections")

    def __init__(self) -> None:
        self._connections: dict[Connection, _WaitingRequest] = {}
        self._by_netblock: dict[str, dict[Connection, None]] = {}

    def add(self, connection: Connection, most: int, share: int = 0, *, is_idle: bool = False) -> None:
        """Add a connection; beyond `most` of them the oldest is cut.

        share: the maximum of one netblock, beyond which its own oldest is cut; 0 for no limit.
        """
        netblock = addresses.netblock(connection.session.host) if share else ""
        self._connections[connection] = _WaitingRequest(netblock, is_idle)
        if share:
            own = self._by_netblock.setdefault(netblock, {})
            own[connection] = None
            if len(own) > share:
                self._cut(next(iter(own)))
        while len(self._connections) > most:
            self._cut(next(iter(self._connections)))

    def remove(self, connection: Connection) -> None:
        """Remove a connection that has sent its request, or has ended."""
        waiting = self._connections.pop(connection, None)
        own = self._by_netblock.get(waiting.netblock) if waiting else None
        if waiting and own:
            own.pop(connection, None)
            if not own:
                del self._by_netblock[waiting.netblock]

    def cut_idle(self) -> bool:
        """Cut the connection that has been idle longest; return whether there was one."""
        idle = next((each for each, waiting in self._connections.items() if waiting.is_idle), None)
        if idle is not None:
            self._cut(idle)
        return idle is not None

    def _cut(self, connection: Connection) -> None:
        is_idle = self._connections[connection].is_idle
        self.remove(connection)
        if not is_idle:  # an idle one may just have sent a request, and would take this for the answer; browsers retry
            with suppress(OSError):
                connection.sock.send(_BUSY)
        connection.outbox.cut("The server is too busy; try again")

    def __len__(self) -> int:
        return len(self._connections)
