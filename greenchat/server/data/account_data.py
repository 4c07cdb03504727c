"""`export-account` and `usage`: what is stored about one account, and what uses the disk space."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from greenchat.chat import documents
from greenchat.chat.accounts import Account
from greenchat.chat.tokens import Token
from greenchat.config.file import Config
from greenchat.server.data.backup_commands import event_line
from greenchat.server.data.store_keeper import DATABASE
from greenchat.storage import inspection
from greenchat.storage.interface import SAID, StoredEvent, StoreError, members_of
from greenchat.values.names import naming

_SECRET = {
    "verifier",
    "verifier_512",
    "code",
    "reset",
    "new_email",
    "second_factor",
}  # fields of an account with hashes, which are not exported
_SHOWN = 15  # of each kind


def export_account(name: str, config: Config, out: TextIO) -> int:
    """Write the stored data of an account, one JSON object a line: the account first, then its messages.

    These are all its own messages, and its private conversations. Raises StoreError if there is no such account.
    """
    database = config.options.data / DATABASE
    fold = naming(config.settings.casemapping).fold
    stored = inspection.documents(database, documents.ACCOUNT.name).get(fold(name))
    if not isinstance(stored, dict):
        raise StoreError(f"there is no account {name}")
    account = Account.from_document(stored)
    out.write(json.dumps(_facts(database, account), ensure_ascii=False) + "\n")
    for event in inspection.export(database):
        is_own = event.account and fold(event.account) == fold(account.name) and event.id >= account.birth
        if is_own or account.id in members_of(event.conversation):
            out.write(event_line(event) + "\n")
    return 0


def _facts(database: Path, account: Account) -> dict[str, Any]:
    facts = {key: value for key, value in account.document().items() if key not in _SECRET}
    tokens = [Token.from_document(_mapping(each)) for each in inspection.documents(database, "token").values()]
    facts["tokens"] = [
        {"id": token.id, "kind": token.kind, "created": token.created, "label": token.label, "rights": token.rights}
        for token in tokens
        if token.account == account.name and token.born == account.created
    ]
    facts["channels"] = {}
    for each in inspection.documents(database, documents.CHANNEL.name).values():
        channel = _mapping(each)
        rank = "founder" if channel.get("founder") == account.id else channel.get("access", {}).get(account.id)
        if rank:
            facts["channels"][channel["name"]] = rank
    facts["read_marks"] = inspection.documents(database, documents.READ_MARKERS.name).get(account.id, {})
    facts["presence"] = inspection.documents(database, documents.PRESENCE.name).get(account.id, {})
    return facts


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def usage(config: Config, out: TextIO) -> int:
    """Print what uses the disk space: files, and the history by conversation, account and kind. Raises StoreError."""
    data = config.options.data
    files = Counter({name: _bytes(data, patterns) for name, patterns in _FILES.items()})
    conversations: Counter[str] = Counter()
    accounts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    texts_of: Counter[str] = Counter()
    texts_by: Counter[str] = Counter()
    for event in inspection.export(data / DATABASE):
        length = _length(event)
        conversation = "(private)" if members_of(event.conversation) else event.conversation
        conversations[conversation] += 1
        texts_of[conversation] += length
        kinds[event.command] += 1
        if event.command in SAID:
            who = event.account or "(guests)"
            accounts[who] += 1
            texts_by[who] += length
    for name, size in files.most_common():
        out.write(f"{name:<24}{_kib(size):>14}\n")
    _table(out, "CONVERSATION", conversations, texts_of)
    _table(out, "ACCOUNT", accounts, texts_by)
    out.write(f"\n{'KIND':<24}{'EVENTS':>12}\n")
    for kind, count in kinds.most_common():
        out.write(f"{kind:<24}{count:>12}\n")
    return 0


_FILES = {
    "database": ("greenchat.db", "greenchat.db-*"),
    "search index": ("greenchat.db.*",),
    "audit logs": ("audit.log*", "members.log*"),
    "backups": ("backups/*",),
    "uploaded files": ("files/**/*",),
}


def _bytes(data: Path, patterns: tuple[str, ...]) -> int:
    paths = {path for pattern in patterns for path in data.glob(pattern)}
    return sum(path.stat().st_size for path in paths if path.is_file())


def _length(event: StoredEvent) -> int:
    """Return the bytes of an event's text."""
    return sum(len(param.encode(errors="replace")) for param in event.params)


def _table(out: TextIO, title: str, counts: Counter[str], sizes: Counter[str]) -> None:
    out.write(f"\n{title:<24}{'EVENTS':>12}{'TEXT':>14}\n")
    for name, size in sizes.most_common(_SHOWN):
        out.write(f"{name[:23]:<24}{counts[name]:>12}{_kib(size):>14}\n")
    more = len(sizes) - _SHOWN
    if more > 0:
        out.write(f"... and {more} more\n")


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"
