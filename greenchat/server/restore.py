"""Brings back what the store kept of the chat's state: accounts, channels, bans, who stays without a connection,
what was said lately under ids of clients, and the secrets behind what must not be guessed.
"""

import secrets
from collections.abc import Mapping

from ..chat.accounts import Account
from ..chat.always_on import bring_back
from ..chat.cloaks import SECRET_SIZE
from ..chat.defcon import MEANINGS, NORMAL
from ..chat.network import Network
from ..chat.registered import from_document
from ..chat.resent import Resent
from ..chat.server_bans import ServerBan
from ..protocol.msgid import first_id
from ..protocol.tags import CLIENT_ID
from ..storage.interface import Document, Store

_DEFCON = ("server", "defcon")
_SECRET = ("server", "secret")
_CLOAK = ("server", "cloak")
_RESENT_WITHIN = 3_600_000  # ms: who sends something again does so soon
_RESENT_MOST = 10_000


def restore(network: Network, store: Store) -> None:
    """Fill a fresh network from the store. Raises StoreError."""
    network.secret = _secret(store, *_SECRET)
    network.cloaks.change_secret(_secret(store, *_CLOAK))
    level = store.document(*_DEFCON)
    network.defcon = level if isinstance(level, int) and level in MEANINGS else NORMAL
    restore_accounts(network, store)
    for document in store.documents("channel").values():
        if isinstance(document, Mapping):
            network.bring_back(from_document(document, network.mask_fold))
    stored = [document for document in store.documents("ban").values() if isinstance(document, Mapping)]
    for ban in sorted(map(ServerBan.from_document, stored), key=lambda ban: ban.created):
        network.bans.put(ban)
    for number, document in enumerate(store.documents("presence").values()):
        if isinstance(document, Mapping):
            bring_back(network, document, guest_id=f"~{network.started}-{number}", now=network.started)
    network.moved.clear()
    for event in store.tagged(CLIENT_ID, first_id(network.started - _RESENT_WITHIN), _RESENT_MOST):
        key = Resent.key(network.fold(event.account), event.conversation, event.tags[CLIENT_ID])
        if key:
            network.resent.add(key, event.id)


def _secret(store: Store, kind: str, key: str) -> bytes:
    """A secret of the server, made where there is none yet. The database is for the server's user only."""
    secret = store.document(kind, key)
    if not isinstance(secret, str):
        secret = secrets.token_hex(SECRET_SIZE)
        store.commit([Document(kind, key, secret)])
    return bytes.fromhex(secret)


def restore_accounts(network: Network, store: Store) -> None:
    """Bring back the accounts that the network does not know: all at the start, later those made by `adduser`.

    Raises StoreError.
    """
    for document in store.documents("account").values():
        if isinstance(document, Mapping):
            account = Account.from_document(document)
            if network.accounts.get(account.name) is None:
                network.accounts.put(account)
