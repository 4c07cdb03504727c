"""The migration from version 0.1.0, in which an account was identified by its name, to ids for accounts and channels.

Every account gets an id made from the time of its registration, and data stored under its name is moved to the id:
direct conversations, read markers, presences, ranks, accept lists. A name may have been deleted and registered again:
messages from before the present account's registration belong to its predecessor. Such a conversation is split, and the
older part stays under the name, which is not an id.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from greenchat.protocol.msgid import first_id, format_msgid, parse_msgid
from greenchat.storage.interface import direct_key, members_of

_ID = "="  # as in `chat.accounts`
_MOVE = (
    "UPDATE settled SET conversation = ? WHERE conversation = ? AND id >= ?",
    "UPDATE fresh SET conversation = ? WHERE conversation = ? AND id >= ?",
)
_LOCKS = frozenset("isHO")  # as in `chat.closures`
_CHANNEL = re.compile(r"[~&@%+]?#")  # also for conversations of some ranks only


def give_ids(connection: sqlite3.Connection) -> None:
    """Give accounts ids, and put these into everything that refers to accounts, inside the caller's transaction."""
    _end_interrupted_compaction(connection)
    ids = _accounts(connection)
    _presences(connection, ids)
    _read_markers(connection, ids)
    _channels(connection, ids)
    if _conversations(connection, ids):
        # the search index is a separate file, and is rebuilt after a missed erasure
        connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'erasures'")


def _end_interrupted_compaction(connection: sqlite3.Connection) -> None:
    """End an interrupted round of compaction: its progress is stored as numbers of conversations, which change here."""
    connection.execute(
        """DELETE FROM fresh WHERE id <= (SELECT upto FROM settling)
           AND (conversation, id) <= (SELECT conversation, id FROM settling)"""
    )
    connection.execute("UPDATE settling SET upto = 0, conversation = 0, id = 0")


def _accounts(connection: sqlite3.Connection) -> dict[str, str]:
    """Give each account its id; return ids by folded name."""
    documents = dict(_documents(connection, "account"))
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for key, account in sorted(documents.items()):
        number = first_id(account["created"])
        while (made := _ID + format_msgid(number)) in taken:
            number += 1
        taken.add(made)
        ids[key] = account["id"] = made
    by_name = {account["name"]: account["id"] for account in documents.values()}
    for key, account in documents.items():
        account["accepted"] = [by_name[name] for name in account.get("accepted", ()) if name in by_name]
        _put(connection, "account", key, account)
    return ids


def _presences(connection: sqlite3.Connection, ids: Mapping[str, str]) -> None:
    for key, presence in list(_documents(connection, "presence")):
        connection.execute("DELETE FROM document WHERE kind = 'presence' AND key = ?", (key,))
        if key in ids:
            presence["account"] = ids[key]
            _put(connection, "presence", ids[key], presence)


def _read_markers(connection: sqlite3.Connection, ids: Mapping[str, str]) -> None:
    for owner, markers in list(_documents(connection, "read-marks")):
        connection.execute("DELETE FROM document WHERE kind = 'read-marks' AND key = ?", (owner,))
        if owner in ids:
            since = _birth(ids[owner]) >> 20
            kept = {_key(key, ids, time << 20): time for key, time in markers.items() if time >= since}
            _put(connection, "read-marks", ids[owner], kept)


def _channels(connection: sqlite3.Connection, ids: Mapping[str, str]) -> None:
    for key, channel in list(_documents(connection, "channel")):
        channel["founder"] = ids.get(channel["founder"], "")
        channel["access"] = {ids[name]: rank for name, rank in channel.get("access", {}).items() if name in ids}
        _put(connection, "channel", key, channel)
        if channel.get("key") or not _LOCKS.isdisjoint(channel.get("flags", "")):
            _close(connection, key, channel)


def _close(connection: sqlite3.Connection, key: str, channel: Mapping[str, Any]) -> None:
    """Assume that a closed channel was always closed: older versions did not record closures and members.

    So its messages are shown to users who are admitted, and not to everybody if it is opened later.
    """
    life = start = first_id(channel["created"])
    while connection.execute(
        "SELECT 1 FROM document WHERE kind = 'closed' AND key = ?", (format_msgid(start),)
    ).fetchone():
        start += 1
    quiet = "H" in channel.get("flags", "")
    closed = {"channel": key, "start": start, "end": 0, "life": life, "quiet": quiet, "first": []}
    _put(connection, "closed", format_msgid(start), closed)


def _conversations(connection: sqlite3.Connection, ids: Mapping[str, str]) -> bool:
    """Give direct conversations their new keys; return whether events were moved to another conversation."""
    has_moved = False
    for number, key in connection.execute("SELECT id, key FROM conversation").fetchall():
        members = members_of(key)
        if not members or _CHANNEL.match(key):
            continue
        first_ids = sorted({_birth(ids[member]) for member in members if member in ids})
        (first,) = connection.execute(
            "SELECT min(id) FROM (SELECT id FROM settled WHERE conversation = ?1 UNION ALL"
            " SELECT id FROM fresh WHERE conversation = ?1)",
            (number,),
        ).fetchone()
        for born in reversed(first_ids):
            if first is None or born <= first:
                _rename(connection, number, _key(key, ids, born))
                break
            has_moved |= _move(connection, number, _key(key, ids, born), since=born)
    return has_moved


def _move(connection: sqlite3.Connection, number: int, to: str, *, since: int) -> bool:
    """Move a conversation's events from an id on to a new one with this key; return whether there were any."""
    inserted = connection.execute("INSERT INTO conversation (key, name) VALUES (?, NULL)", (to,))
    moved = 0
    for statement in _MOVE:
        moved += connection.execute(statement, (inserted.lastrowid, number, since)).rowcount
    if not moved:
        connection.execute("DELETE FROM conversation WHERE id = ?", (inserted.lastrowid,))
        return False
    for identity in members_of(to):
        connection.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (identity, inserted.lastrowid))
    return True


def _rename(connection: sqlite3.Connection, number: int, to: str) -> None:
    connection.execute("UPDATE conversation SET key = ? WHERE id = ?", (to, number))
    connection.execute("DELETE FROM member WHERE conversation = ?", (number,))
    for identity in members_of(to):
        connection.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (identity, number))


def _key(key: str, ids: Mapping[str, str], at: int) -> str:
    """Return a conversation's new key for events at an id: users without an account at that time keep their name."""
    members = members_of(key)
    if not members or _CHANNEL.match(key):
        return key
    one, other = (ids[each] if each in ids and _birth(ids[each]) <= at else each for each in members)
    return direct_key(one, other)


def _birth(account_id: str) -> int:
    return parse_msgid(account_id.removeprefix(_ID)) or 0


def _documents(connection: sqlite3.Connection, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, text in connection.execute("SELECT key, value FROM document WHERE kind = ?", (kind,)).fetchall():
        value = json.loads(text)
        if isinstance(value, dict):
            yield key, value


def _put(connection: sqlite3.Connection, kind: str, key: str, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    connection.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (kind, key, text))
