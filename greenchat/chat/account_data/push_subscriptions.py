"""Push subscriptions of the devices of accounts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """A device's subscription to web push.

    endpoint: a URL. p256dh, auth: the device's key and secret, as bytes in URL-safe base64 without padding.

    owner: the id of the account. caps: of the session that made it. created: ms since the epoch.
    """

    endpoint: str
    p256dh: str
    auth: str
    owner: str
    caps: int
    created: int

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PushSubscription":
        """Make a subscription from `document`'s output; unknown keys, written by a newer version, are ignored."""
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})


class PushSubscriptions:
    """All subscriptions, by endpoint and by owner.

    Reads: iteration, get, of. Changes: put, drop.
    """

    __slots__ = ("_by_endpoint", "_by_owner")

    def __init__(self) -> None:
        self._by_endpoint: dict[str, PushSubscription] = {}
        self._by_owner: dict[str, dict[str, None]] = {}

    def __iter__(self) -> Iterator[PushSubscription]:
        return iter(list(self._by_endpoint.values()))

    def __len__(self) -> int:
        return len(self._by_endpoint)

    def get(self, endpoint: str) -> PushSubscription | None:
        """Return the subscription of this endpoint."""
        return self._by_endpoint.get(endpoint)

    def of(self, owner: str) -> list[PushSubscription]:
        """Return the subscriptions of an account, the oldest first."""
        return [self._by_endpoint[each] for each in self._by_owner.get(owner, ())]

    def put(self, subscription: PushSubscription) -> None:
        """Add a subscription, or replace the one with its endpoint."""
        self.drop(subscription.endpoint)
        self._by_endpoint[subscription.endpoint] = subscription
        self._by_owner.setdefault(subscription.owner, {})[subscription.endpoint] = None

    def drop(self, endpoint: str) -> PushSubscription | None:
        """Remove a subscription and return it."""
        subscription = self._by_endpoint.pop(endpoint, None)
        if subscription is not None:
            del self._by_owner[subscription.owner][endpoint]
            if not self._by_owner[subscription.owner]:
                del self._by_owner[subscription.owner]
        return subscription
