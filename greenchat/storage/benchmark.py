"""Fills a new database with generated messages and times that: `python -m greenchat.storage.benchmark FILE`.

For measuring, with greenchat-bench history: the effect of ten million messages is known only with ten million.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from greenchat.protocol.msgid import COUNTER_BITS
from greenchat.storage.interface import StoredEvent
from greenchat.storage.search import index_of
from greenchat.storage.sqlite import SqliteStore

_WORDS = (
    "the of and to in is you that it he was for on are as with his they be at one have this from or had by word but"
    " what some we can out other were all there when up use your how said an each she which do their time if will way"
    " about many then them write would like so these her long make thing see him two has look more day could go come"
).split()
_RARE = 50_000
_SPEAKERS = 2000
_BULK = 8192  # rows in a transaction that is not timed
_MEASURED = 4096  # transactions of the size of a turn


def fill(store: SqliteStore, rows: int, *, channels: int, turn: int) -> dict[str, float]:
    """Commit `rows` messages in #c0, #c1 ..., the last of them in timed transactions of `turn` messages.

    There is a message every millisecond, until now. Returns figures: rows a second, including housekeeping, and seconds
    for a commit and for a step of housekeeping.
    """
    talk = _talk(rows, channels)
    measured = min(rows // turn // 2, _MEASURED) * turn
    started = time.perf_counter()
    for chunk in _chunks(talk, rows - measured, _BULK):
        store.commit(chunk)
        _keep(store)
    bulk = time.perf_counter() - started
    commits: list[float] = []
    steps: list[float] = []
    for chunk in _chunks(talk, measured, turn):
        before = time.perf_counter()
        store.commit(chunk)
        commits.append(time.perf_counter() - before)
        if len(commits) % 64 == 0:
            steps += _keep(store)
    figures = {
        "bulk_rows_per_second": (rows - measured) / bulk,
        "turn_rows_per_second": measured / (sum(commits) + sum(steps)),
    }
    return figures | _spread("commit", commits) | _spread("step", steps)


def _spread(name: str, times: list[float]) -> dict[str, float]:
    times.sort()
    middle, late = len(times) // 2, int(len(times) * 0.99)
    return {f"{name}_p50": times[middle], f"{name}_p99": times[late], f"{name}_max": times[-1]} if times else {}


def _keep(store: SqliteStore) -> list[float]:
    """Move the write-ahead log into the database; the index catches up later, so that its time is measured separately.

    Returns the seconds of each step that a server does in its event loop.
    """
    store.move_log()
    steps = []
    more = True
    while more:
        before = time.perf_counter()
        more = store.tidy()
        steps.append(time.perf_counter() - before)
    return steps


def _talk(rows: int, channels: int) -> Iterator[StoredEvent]:
    chance = random.Random(1)
    now = time.time_ns() // 1_000_000 - rows
    for number in range(rows):
        channel = f"#c{chance.randrange(channels)}"
        speaker = int(chance.paretovariate(0.8)) % _SPEAKERS
        words = chance.choices(_WORDS, k=chance.randrange(2, 18))
        words.append(f"rare{chance.randrange(_RARE)}")
        source = f"speaker{speaker}!user@host.example"
        yield StoredEvent(now + number << COUNTER_BITS, channel, "PRIVMSG", source, (channel, " ".join(words)))


def _chunks(talk: Iterator[StoredEvent], rows: int, size: int) -> Iterator[list[StoredEvent]]:
    while rows > 0:
        yield [next(talk) for _ in range(min(size, rows))]
        rows -= size


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a file and write the figures as JSON."""
    parser = argparse.ArgumentParser(description="Fill a new database with generated messages.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--channels", type=int, default=100)
    parser.add_argument("--turn", type=int, default=16, help="messages in a transaction that is timed (16)")
    given = parser.parse_args(arguments)
    store = SqliteStore(given.file)
    figures = fill(store, given.rows, channels=given.channels, turn=given.turn)
    started = time.perf_counter()
    store.learn()
    figures["index_rows_per_second"] = given.rows / (time.perf_counter() - started)
    store.close()
    for name, file in (("bytes_per_message", given.file), ("index_bytes_per_message", index_of(given.file))):
        figures[name] = file.stat().st_size / given.rows
    json.dump(figures, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
