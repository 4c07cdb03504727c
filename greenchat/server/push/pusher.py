"""Web Push: after a message is stored, notifies the devices of affected users who are not active.

Finding them takes a few look-ups in the loop, and none where nobody has a subscription; encrypting and sending are done
in threads. Each endpoint gets one message after the other. An endpoint that fails repeatedly or is gone is removed; one
that hangs occupies one thread for at most `push.timeout`, and delays only notifications of its owner, and of owners
whose endpoints have never answered: see `fair_pool`.
"""

import logging
import re
import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol
from urllib.parse import urlsplit

import gevent

from greenchat.chat import documents
from greenchat.chat.account_data.push_subscriptions import PushSubscription
from greenchat.chat.network import Network
from greenchat.chat.user import User
from greenchat.commands.accounts.webpush import forget_push
from greenchat.commands.core.context import Context
from greenchat.commands.core.history_events import to_envelope
from greenchat.config.outbound import Push
from greenchat.server.fair_pool import ASKING, DOUBTFUL, FairPool
from greenchat.server.fetch import system_trust
from greenchat.server.net.turn import Turn
from greenchat.server.push.encryption import LONGEST, authorization, encrypt, private_key, public_text
from greenchat.server.push.outgoing import OutgoingError, post
from greenchat.storage.interface import Document, Speech, Store, StoredEvent, StoreError, StoreWrite, members_of

log = logging.getLogger(__name__)

_MOST_WAITING = 20  # messages for one endpoint; the oldest go
_GIVEN_UP = 8  # failures in a row after which an endpoint is forgotten
_PAUSE = 60.0  # seconds after a failure in which nothing is tried
_GONE = (404, 410)  # "404 ... the push message subscription has expired", rfc8030 section 7.3
_LIVES = "86400"  # seconds for which the push service stores a message
_SIGNED_FOR = 12 * 3600  # seconds
_WORD = re.compile(r"[^\s,:;.!?()<>\"'@]+")
_SAID = ("PRIVMSG", "NOTICE")


class PushServerParts(Protocol):
    """The parts of the server that push uses."""

    network: Network
    turn: Turn

    def now(self) -> int:
        """Return ms since the epoch."""

    def new_context(self) -> Context:
        """Return a context, in a turn of its own, in which the server itself acts."""


class Pusher:
    """Pushes for one server."""

    def __init__(self, server: PushServerParts, secret: bytes) -> None:
        """Make a pusher. secret: 32 bytes, from which the server's key is derived."""
        self._server = server
        self._key = private_key(secret)
        self._trust = system_trust()
        self._pool = FairPool(ASKING, doubtful=DOUBTFUL)
        self._waiting: dict[str, deque[bytes]] = {}
        self._failures: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        server.network.local.vapid = public_text(self._key)
        server.turn.observers.append(self.look)

    def close(self) -> None:
        """Wait until running pushes have ended."""
        self._pool.close()

    def look(self, writes: Sequence[StoreWrite]) -> None:
        """Check stored messages, in the loop, and queue their pushes."""
        if not len(self._server.network.account_data.pushes):
            return
        for write in writes:
            for event in write.events() if isinstance(write, Speech) else (write,):
                if isinstance(event, StoredEvent) and event.command in _SAID:
                    for user in self._concerned(event):
                        self._tell(user, event)

    def _concerned(self, event: StoredEvent) -> Iterator[User]:
        """Yield the affected users of a message who have subscriptions and are not active."""
        network = self._server.network
        speaker = event.source.partition("!")[0]
        users: Iterable[User | None]
        if members_of(event.conversation):
            users = (network.user(event.params[0]),)
        else:
            readers = self._readers(event)
            named = {network.user(word) for word in _WORD.findall(event.params[-1])} if readers else set()
            users = [user for user in named if user in readers]
        for user in users:
            if user is not None and network.user(speaker) is not user and self._is_away(user):
                yield user

    def _readers(self, event: StoredEvent) -> Collection[User]:
        """Return the members of the channel who get a message: all, or those of some ranks."""
        table = self._server.network.settings.mode_table
        channel = self._server.network.channel(event.params[0].lstrip(table.symbols))
        if channel is None:
            return ()
        rank = table.symbols.find(event.conversation[0])
        return channel.members if rank < 0 else set(channel.ranked(table.prefixes[rank]))

    def _is_away(self, user: User) -> bool:
        """Whether a user was not active recently on any device, and so will not have seen a message."""
        if not user.account_id or not self._server.network.account_data.pushes.of(user.account_id):
            return False
        since = self._server.now() - self._server.network.settings.outbound.push.quiet * 1000
        return all(session.away or session.active < since for session in user.sessions)

    def _tell(self, user: User, event: StoredEvent) -> None:
        for subscription in self._server.network.account_data.pushes.of(user.account_id):
            line = _line(event, subscription.caps)
            if not line or self._not_before.get(subscription.endpoint, 0.0) > time.monotonic():
                continue
            waiting = self._waiting.get(subscription.endpoint)
            if waiting is None:
                self._waiting[subscription.endpoint] = deque((line,))
                gevent.spawn(self._send_all, subscription)
            else:
                waiting.append(line)
                if len(waiting) > _MOST_WAITING:
                    waiting.popleft()

    def _send_all(self, subscription: PushSubscription) -> None:
        """Send the queue of an endpoint."""
        endpoint = subscription.endpoint
        waiting = self._waiting[endpoint]
        try:
            while waiting and self._server.network.account_data.pushes.get(endpoint) is subscription:
                outcome = self._pool.do(subscription.owner, self._send, subscription, waiting.popleft())
                if not self._note(endpoint, outcome):
                    break
        finally:
            del self._waiting[endpoint]

    def _note(self, endpoint: str, outcome: int | str) -> bool:
        """Handle the outcome of a push; return whether to send the next one. outcome: a status, or an error."""
        if isinstance(outcome, int) and 200 <= outcome < 300:
            self._failures.pop(endpoint, None)
            return True
        self._failures[endpoint] += 1
        host = urlsplit(endpoint).netloc
        log.info("a push to %s failed: %s", host, outcome)
        if outcome in _GONE or self._failures[endpoint] >= _GIVEN_UP:
            self._failures.pop(endpoint, None)
            self._not_before.pop(endpoint, None)
            try:
                self._server.new_context().propose(forget_push, endpoint)
            except StoreError as error:
                log.error("a push subscription could not be deleted: %s", error)
        else:
            self._not_before[endpoint] = time.monotonic() + _PAUSE * self._failures[endpoint]
        return False

    def _send(self, subscription: PushSubscription, line: bytes) -> int | str:
        """Send in a thread, and return an error instead of raising it: gevent would print it as a bug."""
        settings = self._server.network.settings.outbound.push
        parts = urlsplit(subscription.endpoint)
        try:
            body = encrypt(line, subscription.p256dh, subscription.auth)
            signed = authorization(
                self._key, f"https://{parts.netloc}", settings.contact, int(time.time()) + _SIGNED_FOR
            )
            fields = {"Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream", "TTL": _LIVES}
            return post(
                subscription.endpoint,
                body,
                fields | {"Urgency": "high", "Authorization": signed},
                trust=self._trust,
                allowed=settings.networks,
                timeout=settings.timeout,
            )
        except OutgoingError as error:
            return str(error)
        except ValueError:
            return 410  # the device's key is invalid


def _line(event: StoredEvent, caps: int) -> bytes:
    """Return a message as the device gets it: "exactly one IRC message as the payload, without the final CRLF"."""
    first = event.params[-1].partition("\n")[0]
    line = to_envelope(event._replace(params=(*event.params[:-1], first))).encode(caps).removesuffix(b"\r\n")
    return line if len(line) <= LONGEST else b""


def start_push(server: PushServerParts, rules: Push, store: Store, new: bytes) -> Pusher | None:
    """Return the pusher; None if the settings disable it. new: 32 random bytes, the key if none is stored yet.

    Raises StoreError.
    """
    if not rules.enabled:
        return None
    secret = store.document(documents.SERVER.name, documents.VAPID)
    if not isinstance(secret, str) or not re.fullmatch(r"[0-9a-f]{64}", secret):
        secret = new.hex()
        store.commit([Document(documents.SERVER.name, documents.VAPID, secret)])
    return Pusher(server, bytes.fromhex(secret))
