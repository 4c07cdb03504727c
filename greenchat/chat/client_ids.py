"""Messages that clients have sent with their own ids, so that a message sent twice is delivered once.

A client that lost its connection can't know whether its last messages arrived. If it tags them with an id of its own,
the client-only tag `protocol.tags.CLIENT_ID`, it can send them again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

_LONGEST = 64
_MOST = 16_384

SentKey = tuple[str, str, str]


class SentIds:
    """Ids of clients and the msgids of their messages; beyond a limit the oldest is forgotten.

    Reads: get, dump. Changes: add, drop, load.
    """

    __slots__ = ("_msgids",)

    def __init__(self) -> None:
        self._msgids: OrderedDict[SentKey, int] = OrderedDict()

    @staticmethod
    def key(account: str, conversation: str, client_id: str) -> SentKey | None:
        """Return the key of a client's id, per account or shared by all guests; None if the id is invalid."""
        return (account, conversation, client_id) if 0 < len(client_id) <= _LONGEST else None

    def get(self, key: SentKey) -> int:
        """Return the msgid of the message sent under a key, 0 if there is none."""
        return self._msgids.get(key, 0)

    def add(self, key: SentKey, msgid: int) -> None:
        """Note the msgid of the message sent under a key."""
        self._msgids[key] = msgid
        if len(self._msgids) > _MOST:
            self._msgids.popitem(last=False)

    def dump(self) -> list[list[object]]:
        """Return all of them as a JSON value."""
        return [[*key, msgid] for key, msgid in self._msgids.items()]

    def load(self, stored: Iterable[Sequence[Any]]) -> None:
        """Load `dump`'s output."""
        self._msgids = OrderedDict(((account, place, name), msgid) for account, place, name, msgid in stored)

    def drop(self, key: SentKey) -> None:
        """Forget a key whose message was not delivered after all."""
        self._msgids.pop(key, None)
