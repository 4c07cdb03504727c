"""How often one address may ask, and how many may keep us waiting for the rest of what they ask."""

import time
from contextlib import suppress

from greenchat.chat.protection.throttle import TokenBucket
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError, format_error
from greenchat.server.net.connection import Connection
from greenchat.values.addresses import IpNetwork, is_within, netblock

_MINUTE = 60_000.0  # ms
_TOKEN_BURST = 20  # calls of one token at once
_BUSY = format_error(HttpError(503, "Too many others ask for something", Retry_After="10"))


class RequestLimits:
    """Counts requests by address. Times in ms of the monotonic clock."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def count(self, address: str, now: float, web: Web, exempt: tuple[IpNetwork, ...]) -> None:
        """A request has come. Raises HttpError where it is one too many."""
        if not web.requests or is_within(address, exempt):
            return
        block = netblock(address)
        bucket = self._buckets.get(block)
        if bucket is None or bucket.burst_ms != _MINUTE:
            bucket = self._buckets[block] = TokenBucket(web.requests / 60, web.requests)
        wait = bucket.take(now)
        if wait > 0:
            bucket.take(now, -1)  # who is refused does not push their own end away
            raise HttpError(429, "Too many requests from your address", Retry_After=str(int(wait // 1000) + 1))

    def forget_old(self, now: float) -> None:
        """Drop whoever has asked nothing lately."""
        for block, bucket in list(self._buckets.items()):
            if bucket.take(now, 0) <= -bucket.burst_ms:
                del self._buckets[block]

    def __len__(self) -> int:
        return len(self._buckets)


class TokenLimits:
    """Counts what is done by each token."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def count(self, hashed: str, rate: int) -> None:
        """Count one call. rate: calls in a minute after the first few, 0 for any number.

        Raises HttpError where it is one too many.
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
            raise HttpError(429, "Too many requests by this token", Retry_After=str(int(wait // 1000) + 1))

    def forget_old(self, now: float) -> None:
        """Drop the tokens that have been quiet. now: ms of the monotonic clock."""
        for hashed, bucket in list(self._buckets.items()):
            if bucket.take(now, 0) <= -bucket.burst_ms:
                del self._buckets[hashed]


class UnfinishedRequests:
    """Connections from which a request, or the rest of one, is waited for: the one that came first goes first."""

    __slots__ = ("_connections",)

    def __init__(self) -> None:
        self._connections: dict[Connection, None] = {}

    def add(self, connection: Connection, most: int) -> None:
        """Add a connection that is waited for; with more than `most` of them the oldest is cut."""
        self._connections[connection] = None
        while len(self._connections) > most:
            oldest = next(iter(self._connections))
            self.remove(oldest)
            with suppress(OSError):
                oldest.sock.send(_BUSY)
            oldest.outbox.cut("Too many others ask for something")

    def remove(self, connection: Connection) -> None:
        """Its request has come, or it has gone."""
        self._connections.pop(connection, None)

    def __len__(self) -> int:
        return len(self._connections)
