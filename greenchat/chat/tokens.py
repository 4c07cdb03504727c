"""Tokens: credentials with which a browser or a bot acts for an account. Only their hashes are stored."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenchat.chat.accounts import Account

TICKET = "ticket"  # exchanged once for a browser's token
UPLOAD = "upload"  # to upload one file, within minutes
SERVICE = "service"  # shown once to a service beside the chat, within minutes
SESSION = "session"  # a signed-in browser
BOT = "bot"  # a program that logs in, or calls the API
HOOK = "hook"  # may speak in one channel, and nothing else

KINDS = (TICKET, UPLOAD, SERVICE, SESSION, BOT, HOOK)
PASSING = (TICKET, UPLOAD, SERVICE)  # short-lived tokens, which are not stored


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an account: a secret that grants limited rights.

    hash: of the secret. account: its name; born: the account's creation, which distinguishes it from later ones of that
    name.

    kind: one of KINDS. rights: of a bot. channel: of a hook. created, expires: ms since the epoch; expires 0: never.
    label: a name given by the owner.
    """

    hash: str
    account: str
    born: int
    kind: str
    created: int
    expires: int = 0
    label: str = ""
    rights: tuple[str, ...] = ()
    channel: str = ""

    @property
    def id(self) -> str:
        """Return the id by which users refer to the token; it does not authenticate."""
        return self.hash[:8]

    def holds(self, now: int) -> bool:
        """Whether the token is still valid. now: ms since the epoch."""
        return not self.expires or now < self.expires

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__} | {"rights": list(self.rights)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Token":
        """Make a token from `document`'s output; unknown keys, written by a newer version, are ignored."""
        known = {name: document[name] for name in cls.__slots__ if name in document}
        return cls(**known | {"rights": tuple(known.get("rights", ()))})


def hash_of(secret: str) -> str:
    """Return the hash of a token's secret. A plain hash is enough: the secret is too long to be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Tokens:
    """All tokens, by hash and by account.

    Reads: iteration, get, has, of. Changes: put, drop.
    """

    __slots__ = ("_by_account", "_by_hash")

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._by_hash: dict[str, Token] = {}
        self._by_account: dict[tuple[str, int], dict[str, None]] = {}
        for token in tokens:
            self.put(token)

    def __iter__(self) -> Iterator[Token]:
        return iter(list(self._by_hash.values()))

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, hashed: str, now: int) -> Token | None:
        """Return the token with this hash, if it has not expired."""
        token = self._by_hash.get(hashed)
        return token if token is not None and token.holds(now) else None

    def has(self, hashed: str) -> bool:
        """Whether a token has this hash, even if it has expired."""
        return hashed in self._by_hash

    def of(self, account: Account) -> list[Token]:
        """Return the tokens of an account, the oldest first, expired ones included."""
        return [self._by_hash[each] for each in self._by_account.get((account.name, account.created), ())]

    def put(self, token: Token) -> None:
        """Add a token."""
        self._by_hash[token.hash] = token
        self._by_account.setdefault((token.account, token.born), {})[token.hash] = None

    def drop(self, hashed: str) -> Token | None:
        """Remove a token and return it."""
        token = self._by_hash.pop(hashed, None)
        if token is not None:
            key = token.account, token.born
            del self._by_account[key][hashed]
            if not self._by_account[key]:
                del self._by_account[key]
        return token
