"""Webhooks: URLs to which the messages of a channel are posted, signed with a shared secret."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL to which a channel's messages are posted.

    id: for commands. owner: the id of the account that made it. channel: its name.

    secret: of the signature; it can't be stored as a hash. word: the required beginning of messages; "" for all
    messages. created: ms since the epoch.
    """

    id: str
    owner: str
    channel: str
    url: str
    secret: str
    word: str
    created: int

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Webhook":
        """Make a webhook from `document`'s output; unknown keys, written by a newer version, are ignored."""
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})


class Webhooks:
    """All webhooks, by id, in the order of their creation.

    Reads: iteration, get, owned_by. Changes: put, drop.
    """

    __slots__ = ("_by_id",)

    def __init__(self) -> None:
        self._by_id: dict[str, Webhook] = {}

    def __iter__(self) -> Iterator[Webhook]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, number: str) -> Webhook | None:
        """Return the webhook with this id."""
        return self._by_id.get(number)

    def owned_by(self, owner: str) -> list[Webhook]:
        """Return the webhooks of an account."""
        return [each for each in self._by_id.values() if each.owner == owner]

    def put(self, webhook: Webhook) -> None:
        """Add a webhook."""
        self._by_id[webhook.id] = webhook

    def drop(self, number: str) -> Webhook | None:
        """Remove a webhook and return it."""
        return self._by_id.pop(number, None)
