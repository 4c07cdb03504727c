"""Entries of the log: each is what one turn of one node has proposed, as JSON in UTF-8.

count numbers the entries of an incarnation: one that is not larger than the last one applied is a repetition, which a
node sends when it is unsure, and is skipped.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from greenchat.chat.acts import Act, ActError, decode, encode

_VERSION = 1
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
LARGEST = 1024 * 1024  # bytes that the engine must accept
_MOST = 512 * 1024  # bytes of several acts
_MOST_OF_ONE = 900_000  # bytes: with the other fields it must fit into the largest entry


class EntryError(ValueError):
    """The data is no entry that this version can read; the text says why."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the nodes' log.

    token: of the incarnation. applied: its last applied entry. cpu: ms used by it so far.

    acts: still encoded; the proposing node has them decoded.
    """

    token: str
    count: int
    applied: int
    cpu: int
    acts: Sequence[Any]


def pack(token: str, count: int, acts: Iterable[str], *, applied: int = 0, cpu: int = 0) -> bytes:
    """Return an entry. acts: each encoded by `text`."""
    head = json.dumps({"v": _VERSION, "token": token, "count": count, "applied": applied, "cpu": cpu})[:-1]
    return f'{head}, "acts": [{",".join(acts)}]}}'.encode("utf-8", "surrogatepass")


def text(act: Act) -> str:
    """Return an act as a part of an entry."""
    return _json(encode(act))


def room(size: int) -> bool:
    """Whether an entry with acts of `size` characters has room for more."""
    return size * 3 < _MOST


def fits(act: str) -> bool:
    """Whether an act is small enough for an entry. act: its text."""
    return len(act) * 4 <= _MOST_OF_ONE or len(act.encode("utf-8", "surrogatepass")) <= _MOST_OF_ONE


def unpack(data: bytes) -> LogEntry:
    """Return an entry. Raises EntryError."""
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise EntryError(f"this is not an entry of a greenchat log: {error}") from error
    match value:
        case {
            "v": 1,
            "token": str(token),
            "count": int(count),
            "applied": int(applied),
            "cpu": int(cpu),
            "acts": [*acts],
        }:
            return LogEntry(token, count, applied, cpu, acts)
        case {"v": int(version)}:
            raise EntryError(f"the log has entries of version {version}, but only {_VERSION} is supported")
        case _:
            raise EntryError("this is not an entry of a greenchat log")


def acts_of(entry: LogEntry) -> Iterator[Act]:
    """Yield the acts of an entry. Raises EntryError."""
    for stored in entry.acts:
        yield act_of(stored)


def act_of(stored: object, now: int = 0) -> Act:
    """Return one of the acts of an entry. now: the time of the entry. Raises EntryError."""
    try:
        return decode(stored, now)
    except ActError as error:
        raise EntryError(str(error)) from error
