"""The archive: a SQLite file with the seen messages of every network and conversation.

Lines are identified by msgid, so that replayed history is not stored twice, and redacted messages are deleted here,
too. The file is opened after the first frame, since importing sqlite3 takes long. Above the size limit the oldest
messages are deleted.
"""

import contextlib
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.network import Buffer

RESTORED = 300  # lines of a new window
WAIT_SECONDS = 0.2  # for another client of the same user
BYTES_BETWEEN_PRUNING = 1 << 20  # of stored text
PRUNED = 0.1  # the fraction of lines deleted at once
_SCHEMA = """
CREATE TABLE IF NOT EXISTS line (
    network TEXT NOT NULL, target TEXT NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
    nick TEXT NOT NULL, prefix TEXT NOT NULL, own INTEGER NOT NULL, highlight INTEGER NOT NULL, id TEXT NOT NULL,
    reply TEXT NOT NULL, quote TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS line_id ON line (network, target, id) WHERE id != '';
CREATE INDEX IF NOT EXISTS line_time ON line (network, target, time);
CREATE TABLE IF NOT EXISTS gap (network TEXT NOT NULL, target TEXT NOT NULL, id TEXT NOT NULL);
"""
_INSERT = """
INSERT INTO line (network, target, time, kind, text, nick, prefix, own, highlight, id, reply, quote)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (network, target, id) WHERE id != '' DO UPDATE
SET kind = excluded.kind, text = excluded.text, reply = excluded.reply, quote = excluded.quote
"""
_SELECT = "SELECT time, kind, text, nick, prefix, own, highlight, id, reply, quote, rowid FROM line"
_OLDER = f"{_SELECT} WHERE network = ? AND target = ? AND (time, rowid) < (?, ?) ORDER BY time DESC, rowid DESC LIMIT ?"
_ALL = f"{_SELECT} WHERE network = ? AND target = ? ORDER BY time, rowid"
_DELETE = "DELETE FROM line WHERE network = ? AND target = ? AND id = ?"
_PRUNE = "DELETE FROM line WHERE rowid IN (SELECT rowid FROM line ORDER BY time, rowid LIMIT ?)"
_FIRST = (1 << 62, 1 << 62)
_Row = tuple[int, str, str, str, str, int, int, str, str, str, int]


class ArchiveError(Exception):
    """The file can't be read or written; the text is the reason. busy: another program holds it for a while."""

    def __init__(self, text: str, *, busy: bool = False) -> None:
        super().__init__(text)
        self.busy = busy


class Archive:
    """The file. Every method raises ArchiveError if it can't be used.

    limit: its largest size in bytes, 0 for any.
    """

    def __init__(self, path: Path, limit: int = 0) -> None:
        import sqlite3

        self._errors = sqlite3.Error
        self._busy_code = sqlite3.SQLITE_BUSY
        self._limit = limit
        self._text_bytes = 0  # bytes of text since the last check of the limit
        self._oldest: dict[Buffer, tuple[int, int]] = {}  # time and row of the oldest line that was fetched
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # private messages: readable by the owner only
            self._file = sqlite3.connect(path, timeout=WAIT_SECONDS)
            if path.stat().st_size == 0:  # the setting counts for new files only, and costs 10 ms
                self._file.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("PRAGMA cache_size = -256")  # KiB; mostly for writing
            self._file.executescript(_SCHEMA)
        self.prune()

    def keep(self, buffers: Iterable[Buffer]) -> None:
        """Write the new lines of these buffers, in one transaction."""
        rows = [(*_place(buffer), *_values(line)) for buffer in buffers for line in buffer.history.fresh]
        if not rows:
            return
        with self._explained(), self._file:
            self._file.executemany(_INSERT, rows)
            for buffer in buffers:
                self._put_in_order(buffer)
        for buffer in buffers:
            buffer.history.fresh.clear()
        self._text_bytes += sum(len(str(row[4])) for row in rows)
        if self._text_bytes > BYTES_BETWEEN_PRUNING:
            self.prune()

    def _put_in_order(self, buffer: Buffer) -> None:
        """Keep rows of one millisecond in the order of their messages.

        If an older page of history arrived later, they are written again.
        """
        lines, count = buffer.lines, len(buffer.history.fresh)
        if not count or (count <= len(lines) and lines[-count] is buffer.history.fresh[0]):
            return  # appended at the end, the usual case
        fresh = {line.id for line in buffer.history.fresh if line.id}
        place = _place(buffer)
        for time in {line.time for line in buffer.history.fresh}:
            together = _said_at(buffer, time)
            late = [line.id in fresh for line in together]
            if late == sorted(late):
                continue  # unchanged order
            for line in together:
                if self._file.execute(_DELETE, (*place, line.id)).rowcount:
                    self._file.execute(_INSERT, (*place, *_values(line)))

    def keep_gaps(self, buffer: Buffer) -> None:
        """Store the gaps of a conversation."""
        place = _place(buffer)
        with self._explained(), self._file:
            self._file.execute("DELETE FROM gap WHERE network = ? AND target = ?", place)
            self._file.executemany(
                "INSERT INTO gap VALUES (?, ?, ?)", [(*place, msgid) for msgid in buffer.history.gaps]
            )

    def gaps(self, buffer: Buffer) -> list[str]:
        """Return the ids of the lines after a gap."""
        with self._explained():
            rows = self._file.execute("SELECT id FROM gap WHERE network = ? AND target = ?", _place(buffer)).fetchall()
        return [str(msgid) for (msgid,) in rows]

    def older(self, buffer: Buffer, count: int = RESTORED) -> list[Line]:
        """Return the newest lines of a conversation that were not fetched yet, oldest first."""
        with self._explained():
            below = self._oldest.get(buffer, _FIRST)
            rows: list[_Row] = self._file.execute(_OLDER, (*_place(buffer), *below, count)).fetchall()
        if rows:
            self._oldest[buffer] = (rows[-1][0], rows[-1][-1])
        return [_line(row) for row in reversed(rows)]

    def everything(self, buffer: Buffer) -> Iterator[Line]:
        """Yield every line of a conversation, oldest first."""
        with self._explained():
            for row in self._file.execute(_ALL, _place(buffer)):
                yield _line(row)

    def has(self, buffer: Buffer, msgid: str) -> bool:
        """Whether this message is in the archive."""
        wanted = "SELECT 1 FROM line WHERE network = ? AND target = ? AND id = ? AND id != ''"
        with self._explained():
            return self._file.execute(wanted, (*_place(buffer), msgid)).fetchone() is not None

    def prune(self) -> None:
        """Delete the oldest messages if the file exceeds the limit."""
        self._text_bytes = 0
        with self._explained():
            while self._limit and self._size() > self._limit:
                with self._file:
                    count = self._file.execute("SELECT count(*) FROM line").fetchone()[0]
                    if not count:
                        return
                    self._file.execute(_PRUNE, (int(count * PRUNED) + 1,))
                self._file.executescript("PRAGMA incremental_vacuum")  # execute would run only one step of it

    def _size(self) -> int:
        """Return the size in bytes, without free pages."""
        pages, free, size = (
            int(self._file.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, self._errors) as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == self._busy_code
            raise ArchiveError(str(error), busy=busy) from error

    def close(self) -> None:
        """Close the file; writing stops."""
        self._file.close()


def _place(buffer: Buffer) -> tuple[str, str]:
    return buffer.network.storage_key, buffer.name.lower()


def _said_at(buffer: Buffer, time: int) -> list[Line]:
    """Return the messages of one millisecond that have ids."""
    start = bisect_left(buffer.lines, time, key=lambda line: line.time)
    end = bisect_right(buffer.lines, time, lo=start, key=lambda line: line.time)
    return [line for place in range(start, end) if (line := buffer.lines[place]).id]


def _values(line: Line) -> tuple[object, ...]:
    kind, own, highlight = line.kind.name, int(line.own), int(line.highlight)
    return (line.time, kind, line.text, line.nick, line.prefix, own, highlight, line.id, line.reply, line.quote)


def _line(row: _Row) -> Line:
    time, kind, text, nick, prefix, own, highlight, msgid, reply, quote, _ = row
    return Line(time, LineKind[kind], text, nick, prefix, bool(own), bool(highlight), msgid, reply, quote)
