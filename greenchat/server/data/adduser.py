"""`greenchat-server adduser NAME`: makes an account, even while the server runs.

The account is written to the database; a running server is asked to load it.
"""

import os
import secrets
import signal
import time
from pathlib import Path

from greenchat.chat import documents
from greenchat.chat.accounts import Account, account_id
from greenchat.commands.accounts.register import make_verifiers, why_not_password
from greenchat.config.file import Config
from greenchat.protocol.msgid import COUNTER_BITS, first_id
from greenchat.server.control.client import ControlRefusedError, NoServerError, ask
from greenchat.server.data.store_keeper import DATABASE, who_holds
from greenchat.storage.inspection import add_document, has_document
from greenchat.storage.interface import StoreError
from greenchat.values.names import naming


def check_name(name: str, config: Config) -> None:
    """Check that an account can have this name. Raises StoreError."""
    settings = config.settings
    if not naming(settings.casemapping).is_nick(name, settings.limits.nick):
        raise StoreError(f"{name!r} can't be an account: the name must be a valid nickname")


def add_user(name: str, password: str, config: Config) -> None:
    """Make the account. Raises StoreError with a one-line text."""
    check_name(name, config)
    settings = config.settings
    refusal = why_not_password(password, name, settings.accounts)
    if refusal:
        raise StoreError(refusal.text)
    verifier, verifier_512 = make_verifiers(password, secrets.token_bytes(16), settings.accounts.iterations)
    now = time.time_ns() // 1_000_000
    database = config.options.data / DATABASE
    folded = naming(settings.casemapping).fold(name)
    if has_document(database, documents.DROPPED.name, folded):
        raise StoreError(
            f"the name {name} belonged to a deleted account and is reserved: an operator can release it with NickServ"
            " ERASE"
        )
    # not an id that the server would make: it counts up from the millisecond
    half = 1 << COUNTER_BITS - 1
    birth = first_id(now) + half + secrets.randbelow(half)
    account = Account(name, verifier, now, id=account_id(birth), verifier_512=verifier_512)
    if not add_document(database, documents.ACCOUNT.name, folded, account.document()):
        raise StoreError(f"the account {name} already exists")
    _tell_server(config.options.data)


def _tell_server(data: Path) -> None:
    """Ask the server that uses the data folder, if there is one, to load new accounts."""
    server = who_holds(data)
    if not server:
        return
    try:
        ask(data, "find-accounts")
    except (NoServerError, ControlRefusedError):
        os.kill(server, signal.SIGHUP)  # it has no socket yet, or is an older version: a reload loads accounts, too
