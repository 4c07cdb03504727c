"""Refolding: when the casemapping was changed, names in the store are moved to their new folded form.

Under `ascii`, the default of older versions, `#École` and `#école` were two channels; under `precis` they are one. The
registered one keeps the name, or else the older one; the other becomes `#école_2`, with its owner and its history, so
that nobody can read messages of a channel that they were not in. Accounts are never merged or renamed: if two would
have the same name the server refuses to start.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from greenchat.chat import documents
from greenchat.protocol.casemap import Casefold
from greenchat.storage.interface import (
    Document,
    Renaming,
    StateStore,
    StoreDamagedError,
    StoreError,
    StoreWrite,
    direct_key,
    members_of,
)
from greenchat.values.masks import mask_fold
from greenchat.values.names import CASEMAPPINGS, naming

log = logging.getLogger(__name__)

_MARK = (documents.SERVER.name, documents.CASEMAPPING)
_FIRST = "ascii"  # of databases that don't say
_IDS = ("=", "~")  # prefixes of the ids of accounts and of guests
_SYMBOLS = "~&@%+"  # before the channel in the key of a conversation of some ranks only

StoredFields = dict[str, Any]
Refold = Callable[[str, StoredFields], tuple[str, StoredFields]]
T = TypeVar("T")


def refold(store: StateStore, casemapping: str, ban_key: Callable[[Mapping[str, Any]], str]) -> None:
    """Move the store's keys to this casemapping, in one transaction. ban_key: returns the key of a ban's document.

    Raises StoreError, also if two accounts would be one.
    """
    before = store.document(*_MARK)
    if before == casemapping:
        return
    former = _FIRST if before is None else before
    if not isinstance(former, str) or former not in CASEMAPPINGS:
        raise StoreDamagedError.of_document(*_MARK, ValueError(f"there is no casemapping {former}"))
    writes = _Refolding(store, former, casemapping).writes(ban_key) if former != casemapping else []
    store.commit([*writes, Document(*_MARK, casemapping)])


class _Refolding:
    """A change from one casemapping to another. Raises StoreError if two accounts would be one."""

    def __init__(self, store: StateStore, before: str, after: str) -> None:
        self._store = store
        self._was_folded: Casefold = naming(before).fold
        self._fold: Casefold = naming(after).fold
        self._mask_fold: Casefold = mask_fold(after)
        self._conversations = store.conversations()
        self._identities = self._accounts(f"are different names with {before} but the same name with {after}")
        self._channels = self._channel_names()

    def writes(self, ban_key: Callable[[Mapping[str, Any]], str]) -> list[StoreWrite]:
        """Return all writes, ordered so that names are freed before they are used."""
        kinds: dict[str, Refold] = {
            documents.ACCOUNT.name: lambda key, document: (self._identity(key), document),
            documents.DROPPED.name: lambda key, document: (self._fold(document["name"]), document),
            documents.PRESENCE.name: self._presence,
            documents.SAVED_USER.name: lambda key, document: (key, self._in_channels(document)),
            documents.SAVED_CHANNEL.name: self._channel,
            documents.READ_MARKERS.name: self._read_markers,
            documents.CHANNEL.name: self._channel,
            documents.INSIDE.name: lambda key, document: (key, document),  # ids only
            documents.CLOSED.name: lambda key, document: (key, document | {"channel": self._key(document["channel"])}),
            documents.BAN.name: lambda key, document: (ban_key(document), document),
            documents.RESERVATION.name: lambda key, document: (self._mask_fold(document["mask"]), document),
            documents.WEBHOOK.name: lambda key, document: (key, document),  # its channel is stored unfolded
            documents.PUSH.name: lambda key, document: (key, document),
            documents.FILE.name: lambda key, document: (key, document),  # by the id of its account
            documents.TOKEN.name: lambda key, document: (key, document),  # its account is stored unfolded
        }
        removed: list[StoreWrite] = []
        put: list[StoreWrite] = []
        for kind, change in kinds.items():
            for key, document, (to, value) in self._each(kind, change):
                if to != key:
                    removed.append(Document(kind, key, None))
                if (to, value) != (key, document):
                    put.append(Document(kind, to, value))
        return [*removed, *put, *self._renamings()]

    def _each(self, kind: str, read: Callable[[str, StoredFields], T]) -> Iterator[tuple[str, StoredFields, T]]:
        """Yield the documents of a kind with their values. Raises StoreDamagedError."""
        for key, document in self._store.documents(kind).items():
            try:
                fields = documents.fields_of(document)
                parsed = read(key, fields)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise StoreDamagedError.of_document(kind, key, error) from error
            yield key, fields, parsed

    def _accounts(self, clash: str) -> dict[str, str]:
        """Return former keys of accounts, and the present ones."""
        names: dict[str, str] = {}
        keys: dict[str, str] = {}
        for key, _, name in self._each(documents.ACCOUNT.name, lambda key, document: str(document["name"])):
            if self._was_folded(name) != key:
                continue  # damaged: reported elsewhere
            folded = self._fold(name)
            if folded in names:
                raise StoreError(
                    f"the accounts {names[folded]} and {name} {clash}: set casemapping back, or drop one of them first"
                )
            names[folded] = name
            keys[key] = folded
        return keys

    def _channel_names(self) -> dict[str, str]:
        """Return former keys of channels, and their present names."""
        names = {key: name or key for key, name in self._conversations if key.startswith("#") and " " not in key}
        registered = {
            key: name
            for kind in (documents.SAVED_CHANNEL, documents.CHANNEL)
            for key, _, name in self._each(kind.name, lambda key, document: str(document["name"]))
        }
        name_of: dict[str, str] = {}
        taken: set[str] = set()
        for key, wanted in (registered | {key: names[key] for key in names if key not in registered}).items():
            name, number = wanted, 1
            while self._fold(name) in taken:
                number += 1
                name = f"{wanted}_{number}"
            if name != wanted:
                log.warning(
                    "the channel %s was renamed to %s, because another one is named %s",
                    wanted,
                    name,
                    self._fold(wanted),
                )
            taken.add(self._fold(name))
            name_of[key] = name
        return name_of

    def _identity(self, key: str) -> str:
        """Return the identity of a deleted account of version 0.1.0; ids of accounts and of guests are not names."""
        return self._identities.get(key) or (key if key[:1] in _IDS else self._fold(key))

    def _name(self, channel: str) -> str:
        return self._channels.get(self._was_folded(channel), channel)

    def _key(self, conversation: str) -> str:
        if len(members_of(conversation)) == 2 and not self._is_channel(conversation):
            one, other = members_of(conversation)
            return direct_key(self._identity(one), self._identity(other))
        channel = conversation.lstrip(_SYMBOLS)
        symbols = conversation[: len(conversation) - len(channel)]
        return symbols + self._fold(self._name(channel))

    @staticmethod
    def _is_channel(conversation: str) -> bool:
        return conversation.lstrip(_SYMBOLS).startswith("#")

    def _presence(self, key: str, document: StoredFields) -> tuple[str, StoredFields]:
        return self._identity(key), self._in_channels(document)

    def _in_channels(self, document: StoredFields) -> StoredFields:
        return document | {"channels": [[self._name(name), *rest] for name, *rest in document["channels"]]}

    def _read_markers(self, key: str, document: StoredFields) -> tuple[str, StoredFields]:
        return self._identity(key), {self._key(conversation): time for conversation, time in document.items()}

    def _channel(self, key: str, document: StoredFields) -> tuple[str, StoredFields]:
        access = {self._identity(account): rank for account, rank in document.get("access", {}).items()}
        name = self._channels[key]
        changed = {"name": name, "founder": self._identity(document["founder"]), "access": access}
        return self._fold(name), document | changed

    def _renamings(self) -> list[StoreWrite]:
        """Yield the renamings, in two steps, since one may get the key that another has now."""
        first: list[StoreWrite] = []
        second: list[StoreWrite] = []
        for key, name in self._conversations:
            if self._is_channel(key) and " " in key:
                continue  # of a channel that was renamed before: never asked for
            to = self._key(key)
            if self._is_channel(key):
                bare = key.lstrip(_SYMBOLS)
                name = key[: len(key) - len(bare)] + self._channels.get(bare, bare) if to != key else name
            if to != key:
                parked = f"* {len(first)}"
                first.append(Renaming(key, parked, name))
                second.append(Renaming(parked, to, name))
        return [*first, *second]
