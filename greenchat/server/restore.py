"""Brings back what the store kept of the chat's state: accounts, and the secret behind what must not be guessed."""

import secrets
from collections.abc import Mapping

from ..chat.accounts import Account
from ..chat.network import Network
from ..storage.interface import Document, Store

_SECRET = ("server", "secret")


def restore(network: Network, store: Store) -> None:
    """Fill a fresh network from the store. Raises StoreError."""
    secret = store.document(*_SECRET)
    if not isinstance(secret, str):
        secret = secrets.token_hex(32)
        store.commit([Document(*_SECRET, secret)])
    network.secret = bytes.fromhex(secret)
    for document in store.documents("account").values():
        if isinstance(document, Mapping):
            network.accounts.put(Account.from_document(document))
