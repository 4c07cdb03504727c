"""What was seen, kept on this machine: a SQLite file with the messages of every network and conversation.

Lines are known by their msgid, so that what the server tells again from its history is not kept twice, and what is
taken back goes here, too. The file is opened after the first picture is on the screen: sqlite3 takes its time to come.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from greenchat.client.network import Buffer
from greenchat.client.said import Kind, Line

RESTORED = 300  # lines that a window begins with
WAIT_SECONDS = 1.0  # for another client of the same user
_SCHEMA = """
CREATE TABLE IF NOT EXISTS line (
    network TEXT NOT NULL, target TEXT NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
    nick TEXT NOT NULL, prefix TEXT NOT NULL, own INTEGER NOT NULL, highlight INTEGER NOT NULL, id TEXT NOT NULL,
    reply TEXT NOT NULL, quote TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS line_id ON line (network, target, id) WHERE id != '';
CREATE INDEX IF NOT EXISTS line_time ON line (network, target, time);
"""
_INSERT = """
INSERT INTO line (network, target, time, kind, text, nick, prefix, own, highlight, id, reply, quote)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (network, target, id) WHERE id != '' DO UPDATE
SET kind = excluded.kind, text = excluded.text, reply = excluded.reply, quote = excluded.quote
"""
_LATEST = """
SELECT time, kind, text, nick, prefix, own, highlight, id, reply, quote FROM line
WHERE network = ? AND target = ? ORDER BY time DESC, rowid DESC LIMIT ?
"""


class ArchiveError(Exception):
    """The file can't be read or written; the text says why."""


class Archive:
    """The file. Every method raises ArchiveError where it can't be used."""

    def __init__(self, path: Path) -> None:
        import sqlite3

        self._error = sqlite3.Error
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # what was said is nobody else's business
            self._file = sqlite3.connect(path, timeout=WAIT_SECONDS)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ArchiveError(str(error)) from error

    def keep(self, buffers: Iterable[Buffer]) -> None:
        """Write what is new in these buffers, in one transaction."""
        rows = [(*_place(buffer), *_values(line)) for buffer in buffers for line in buffer.fresh]
        if not rows:
            return
        try:
            with self._file:
                self._file.executemany(_INSERT, rows)
        except self._error as error:
            raise ArchiveError(str(error)) from error
        for buffer in buffers:
            buffer.fresh.clear()

    def latest(self, buffer: Buffer, count: int = RESTORED) -> list[Line]:
        """The newest lines of a conversation, oldest first."""
        try:
            rows = self._file.execute(_LATEST, (*_place(buffer), count)).fetchall()
        except self._error as error:
            raise ArchiveError(str(error)) from error
        return [_line(row) for row in reversed(rows)]

    def close(self) -> None:
        """Nothing is written any more."""
        self._file.close()


def _place(buffer: Buffer) -> tuple[str, str]:
    return str(buffer.network.address), buffer.name.lower()


def _values(line: Line) -> tuple[object, ...]:
    kind, own, highlight = line.kind.name, int(line.own), int(line.highlight)
    return (line.time, kind, line.text, line.nick, line.prefix, own, highlight, line.id, line.reply, line.quote)


def _line(row: tuple[int, str, str, str, str, int, int, str, str, str]) -> Line:
    time, kind, text, nick, prefix, own, highlight, msgid, reply, quote = row
    return Line(time, Kind[kind], text, nick, prefix, bool(own), bool(highlight), msgid, reply, quote)
