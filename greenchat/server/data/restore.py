"""Restores the chat's state from the store: accounts, channels, bans, always-on users, recent client ids, and the
server's secrets.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from greenchat.chat import documents
from greenchat.chat.account_data.files import File
from greenchat.chat.account_data.push_subscriptions import PushSubscription
from greenchat.chat.account_data.webhooks import Webhook
from greenchat.chat.accounts import Account, DeletedAccount
from greenchat.chat.always_on import restore_presence
from greenchat.chat.channel import Channel
from greenchat.chat.client_ids import SentIds
from greenchat.chat.continuity import saved_users
from greenchat.chat.documents import DocumentKind, fields_of
from greenchat.chat.network import Network
from greenchat.chat.protection.cloaks import SECRET_SIZE
from greenchat.chat.protection.defcon import MEANINGS, NORMAL
from greenchat.chat.protection.reservations import Reservation
from greenchat.chat.protection.server_bans import ACCOUNT, ServerBan
from greenchat.chat.registered_channels import from_document
from greenchat.chat.tokens import Token
from greenchat.protocol.msgid import MessageIds, first_id
from greenchat.protocol.tags import CLIENT_ID
from greenchat.server.data.refold import refold
from greenchat.storage.interface import Document, Store, StoreDamagedError

T = TypeVar("T")

_SENT_IDS_WITHIN = 3_600_000  # ms: clients that send something again do so soon
_SENT_IDS_MOST = 10_000


def restore(network: Network, store: Store, grace: int = 0) -> None:
    """Fill a new network from the store. Raises StoreError.

    grace: ms for the return of users who were present at the end of the server.
    """
    network.ids = MessageIds(store.last_id())
    bans = network.protection.bans
    refold(store, network.settings.casemapping, lambda document: bans.key(ServerBan.from_document(document).target))
    network.secret = _secret(store, documents.OWN)
    network.protection.cloaks.change_secret(_secret(store, documents.CLOAK))
    network.protection.defcon = _defcon(store)
    reserve_dropped(network, store)
    accounts = network.accounts
    for account in new_accounts(network, store):
        accounts.put(account)
    _each(store, documents.CHANNEL, lambda document: network.restore_channel(_channel(network, document)))
    for token in _each(store, documents.TOKEN, Token.from_document):
        network.tokens.put(token)
    for file in _each(store, documents.FILE, File.from_document):
        network.account_data.files.put(file)
    for push in _each(store, documents.PUSH, PushSubscription.from_document):
        network.account_data.pushes.put(push)
    for webhook in _each(store, documents.WEBHOOK, Webhook.from_document):
        network.account_data.webhooks.put(webhook)
    for ban in sorted(_each(store, documents.BAN, ServerBan.from_document), key=lambda ban: ban.created):
        network.protection.bans.put(_bound(network, ban))
    for reservation in _each(store, documents.RESERVATION, Reservation.from_document):
        network.protection.reservations.put(reservation)
    if grace:
        _restore_saved_channels(network, store)  # before users with invitations to them
    numbers = count()
    _each(
        store,
        documents.PRESENCE,
        lambda document: restore_presence(
            network, document, guest_id=f"~{network.started}-{next(numbers)}", now=network.started
        ),
    )
    if grace:
        _restore_saved_users(network, store, grace)
    network.local.changed_presences.clear()
    _close(network, store)
    after = first_id(network.started - _SENT_IDS_WITHIN)
    for event in store.tagged(CLIENT_ID, after, _SENT_IDS_MOST) if store.last_id() > after else ():
        key = SentIds.key(accounts.author(event.account, event.id), event.conversation, event.tags[CLIENT_ID])
        if key:
            network.sent_ids.add(key, event.id)


def _restore_saved_channels(network: Network, store: Store) -> None:
    for channel in _each(store, documents.SAVED_CHANNEL, lambda document: _channel(network, document)):
        channel.is_kept = False
        if network.channel(channel.name) is None:
            network.restore_channel(channel)


def _restore_saved_users(network: Network, store: Store, grace: int) -> None:
    for guest_id, stored in store.documents(documents.SAVED_USER.name).items():
        try:
            saved_users.restore(network, guest_id, fields_of(stored), now=network.started, grace=grace)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreDamagedError.of_document(documents.SAVED_USER.name, guest_id, error) from error


def _close(network: Network, store: Store) -> None:
    """Restore the closures; those of former channels ended with the last server."""
    closures, last = network.closures, store.last_id()
    for channel in [each for each in network.channels.values() if each.registration is None and not each.members]:
        network.set_registration(channel, None)
    _each(store, documents.CLOSED, closures.restore)
    closures.restore_inside(_all(store, documents.INSIDE, fields_of), last)
    closures.end_those_without(network.channels, last)


def _channel(network: Network, document: Mapping[str, Any]) -> Channel:
    return from_document(document, network.naming.mask_fold, network.accounts.author)


def _bound(network: Network, ban: ServerBan) -> ServerBan:
    """Return a ban of version 0.1.0 bound to an account: it stored only the account's name."""
    if ban.target.kind != ACCOUNT or ban.account_id:
        return ban
    return replace(ban, account_id=network.accounts.author(ban.target.text, first_id(ban.created + 1)))


def _secret(store: Store, key: str) -> bytes:
    """Return a secret of the server, made on the first start. Only the server's user can read the database."""
    secret = store.document(documents.SERVER.name, key)
    if secret is None:
        secret = secrets.token_hex(SECRET_SIZE)
        store.commit([Document(documents.SERVER.name, key, secret)])
    try:
        return bytes.fromhex(secret)  # type: ignore[arg-type]  # a TypeError if it is no text
    except (TypeError, ValueError) as error:
        raise StoreDamagedError.of_document(documents.SERVER.name, key, error) from error


def _defcon(store: Store) -> int:
    level = store.document(documents.SERVER.name, documents.DEFCON)
    if level is None:
        return NORMAL
    if not isinstance(level, int) or level not in MEANINGS:
        error = ValueError(f"there is no level {level}")
        raise StoreDamagedError.of_document(documents.SERVER.name, documents.DEFCON, error)
    return level


def new_accounts(network: Network, store: Store) -> list[Account]:
    """Return stored accounts that the network does not have: all at the start, later those of `adduser`.

    Raises StoreError.
    """
    stored = _each(store, documents.ACCOUNT, Account.from_document)
    return [account for account in stored if network.accounts.get(account.name) is None]


def reserve_dropped(network: Network, store: Store) -> None:
    """Reserve the names of deleted accounts."""
    for dropped in _each(store, documents.DROPPED, DeletedAccount.from_document):
        network.accounts.reserve(dropped)


def _each(store: Store, kind: DocumentKind, make: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """Return `make`'s result for each document of a kind. Raises StoreDamagedError for a damaged one."""
    return list(_all(store, kind, make).values())


def _all(store: Store, kind: DocumentKind, make: Callable[[Mapping[str, Any]], T]) -> dict[str, T]:
    """Return the same by the keys of the documents."""
    made = {}
    for key, document in store.documents(kind.name).items():
        try:
            made[key] = make(fields_of(document))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreDamagedError.of_document(kind.name, key, error) from error
    return made
