"""Writes a turn's changes to the database in one transaction, with few statements.

Conversations and sources are interned: their rows are written once, their numbers remembered.

Events are added to `fresh`, see `compaction`. But many events of one conversation in a turn are written directly to
`settled`, since moving them there later would take longer than everything else. So are events whose id is not unique or
not the largest, since `fresh` is only appended to.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from greenchat.storage import seals
from greenchat.storage.changes import Changes, Erased
from greenchat.storage.compaction import Compaction
from greenchat.storage.interface import Cut, Document, Erasure, Renaming, Speech, StoredEvent, StoreWrite, members_of
from greenchat.storage.rows import (
    MESSAGES,
    WIDTHS,
    WRITTEN,
    EventRow,
    UnreadableError,
    conversation_name,
    encode,
    one_number,
)
from greenchat.storage.seals import Sealing
from greenchat.storage.transaction import transaction

_REMEMBERED = 65_536
_ID, _CONVERSATION, _SOURCE, _KEY = itemgetter(0), itemgetter(1), itemgetter(3), itemgetter(1, 0)  # of an EventRow

_TOGETHER = 16  # rows in one statement: with many that saves a third of the time
_MANY = 12  # events of one conversation: writing its pages directly takes less than moving the events there


def _insert(table: str, width: int, rows: int = 1) -> str:
    """Return the statement that adds `rows` rows of `width` columns."""
    columns, values = ", ".join(WRITTEN[:width]), ", ".join("?" * width)
    values = ", ".join([f"({values})"] * rows)
    return "INSERT INTO TABLE (COLUMNS) VALUES ".replace("TABLE", table).replace("COLUMNS", columns) + values


_ADD_FRESH = {width: _insert("fresh", width) for width in WIDTHS}
_ADD_TOGETHER = {width: _insert("fresh", width, _TOGETHER) for width in WIDTHS}
_FREE_KEY = """
UPDATE conversation SET key = key || ' until ' || coalesce(
    (SELECT max(id) FROM (SELECT max(id) AS id FROM settled WHERE conversation = conversation.id
                          UNION ALL SELECT max(id) FROM unsettled WHERE conversation = conversation.id)), -id)
WHERE key = ? AND key <> ?
"""
_CUT = "UPDATE conversation SET cut = max(cut, ?) WHERE key = ?"
_SETTLED_OF = """
SELECT json_group_array(json_array(e.id, e.conversation)) FROM json_each(?) i CROSS JOIN settled e
ON e.conversation = json_extract(i.value, '$[1]') AND e.id = json_extract(i.value, '$[0]')
"""
_FRESH_OF = """
SELECT 1 FROM json_each(?) i CROSS JOIN fresh e
ON e.conversation = json_extract(i.value, '$[1]') AND e.id = json_extract(i.value, '$[0]') LIMIT 1
"""
_ADD_SETTLED = {width: _insert("settled", width) for width in WIDTHS}
_ADD_SETTLED_TOGETHER = {width: _insert("settled", width, _TOGETHER) for width in WIDTHS}

Rows = dict[int, list[EventRow]]
"""Rows by their width."""


def _no_rows() -> Rows:
    return {width: [] for width in WIDTHS}


class Writer:
    """Writes to one connection, in the thread that opened it, and reports to `changes`, `compaction` and `sealing`.

    cuts, renamings, added: how many it has committed, the last of events.
    sources_settled: of events that never were fresh.
    """

    def __init__(
        self, connection: sqlite3.Connection, changes: Changes, compaction: Compaction, sealing: Sealing
    ) -> None:
        self._connection = connection
        self._changes = changes
        self._compaction = compaction
        self._sealing = sealing
        self._conversations: dict[str, tuple[int, str | None]] = {}
        self._sources: dict[tuple[str, str], int] = {}
        self._era = object()  # the numbers are valid as long as it is the same object
        self.cuts = self.renamings = self.added = 0
        self.sources_settled: set[int] = set()

    def commit(self, writes: Sequence[StoreWrite]) -> bool:
        """Commit the writes in one transaction. On an exception nothing was stored, and the next commit may work.

        Returns whether an event was erased, or a document removed.
        """
        added: list[EventRow] = []
        fresh: list[EventRow] = []
        erased: list[Erased] = []
        has_removed = False
        try:
            with transaction(self._connection):
                rows = _no_rows()
                short, private = rows[5], rows[6]
                for write in writes:
                    if isinstance(write, Speech):
                        header = write.header
                        if header.era is not self._era:
                            self._look_up(write)
                        conversation, kind, source, target = header.numbers
                        if len(write.ids) == 1:  # nearly all are like this
                            if target is None:
                                short.append((write.ids[0], conversation, kind, source, write.texts[0]))
                            else:
                                private.append((write.ids[0], conversation, kind, source, write.texts[0], target))
                        else:
                            self._add_speech(rows, write)
                        continue
                    if isinstance(write, StoredEvent):
                        row = self._row(write)
                        rows[len(row)].append(row)
                        continue
                    self._add(rows, added, fresh)
                    rows = _no_rows()
                    short, private = rows[5], rows[6]
                    if isinstance(write, Document):
                        self._put(write)
                        has_removed = has_removed or write.value is None
                    elif isinstance(write, Erasure):
                        erased += self._erase(write)
                    elif isinstance(write, Cut):
                        self._connection.execute(_CUT, (write.upto, write.conversation))
                        self.cuts += 1
                    else:
                        self._rename(write)
                self._add(rows, added, fresh)
        except BaseException:
            self.forget()
            raise
        self.added += len(added)
        if added or erased:
            last = max(map(_ID, added), default=0)
            self._compaction.note(fresh, last)
            self._changes.note(set(map(_CONVERSATION, added)), last, erased, len(added) + len(erased))
        return has_removed or bool(erased)

    def forget(self) -> None:
        """Clear the cached numbers of conversations and sources, whose rows may be gone."""
        self._conversations.clear()
        self._sources.clear()
        self._era = object()

    def _row(self, event: StoredEvent) -> EventRow:
        conversation, name = self._conversations.get(event.conversation) or self._intern_conversation(event)
        origin = (event.source, event.account)
        source = self._sources.get(origin) or self._intern_source(origin)
        kind, target, text, more = encode(event, name)
        if more is not None:
            return event.id, conversation, kind, source, text, target, more
        if target is not None:
            return event.id, conversation, kind, source, text, target
        return event.id, conversation, kind, source, text

    def _look_up(self, speech: Speech) -> None:
        """Look up the numbers of the header."""
        row = self._row(speech.events()[0])
        speech.header.numbers = (row[1], row[2], row[3], row[5] if len(row) > 5 else None)
        speech.header.era = self._era

    def _add_speech(self, rows: Rows, speech: Speech) -> None:
        conversation, kind, source, target = speech.header.numbers
        messages = zip(speech.ids, speech.texts, strict=True)
        if target is None:
            rows[5] += [(number, conversation, kind, source, text) for number, text in messages]
        else:
            rows[6] += [(number, conversation, kind, source, text, target) for number, text in messages]

    def _add(self, rows: Rows, added: list[EventRow], fresh: list[EventRow]) -> None:
        """Insert the events. added: gets their rows; fresh: those that have to be moved later."""
        incoming = [*chain.from_iterable(rows.values())]
        if not incoming:
            return
        # sealed ids may be larger than all remaining ones
        newest = max(self._compaction.last, self._sealing.upto, max(map(_ID, added), default=0))
        added += incoming
        ids = {*map(_ID, incoming)}
        if len(ids) < len(incoming) or min(ids) <= newest:
            rows = self._add_settled_others(rows, newest)
        elif len(incoming) >= _MANY:
            rows = self._add_settled_crowds(rows, incoming)
        for width, part in rows.items():
            self._insert(_ADD_FRESH[width], _ADD_TOGETHER[width], part)
            fresh += part

    def _add_settled_crowds(self, rows: Rows, incoming: list[EventRow]) -> Rows:
        """Write the events of conversations with many of them to `settled`; all are newer than any stored one.

        Returns the other events.
        """
        crowds = {number for number, count in Counter(map(_CONVERSATION, incoming)).items() if count >= _MANY}
        if not crowds:
            return rows
        others = _no_rows()
        for width, part in rows.items():
            settled = [row for row in part if row[1] in crowds]
            if len(settled) < len(part):
                others[width] = [row for row in part if row[1] not in crowds]
            settled.sort(key=_CONVERSATION)
            self._insert(_ADD_SETTLED[width], _ADD_SETTLED_TOGETHER[width], settled)
            self.sources_settled.update(map(_SOURCE, settled))
        return others

    def _add_settled_others(self, rows: Rows, newest: int) -> Rows:
        """Write all but one event of each id, and events that are not newer than all stored ones, to `settled`.

        Returns the rest. newest: the largest id that is or was stored.
        """
        rest = _no_rows()
        others: list[EventRow] = []
        late: list[EventRow] = []
        taken: set[int] = set()
        keys: set[tuple[int, int]] = set()
        for width, part in rows.items():
            for row in part:
                if row[:2] in keys:
                    raise sqlite3.IntegrityError(f"event {row[0]} comes twice")
                keys.add(row[:2])
                if row[0] <= newest:
                    late.append(row)
                elif row[0] in taken:
                    others.append(row)
                else:
                    taken.add(row[0])
                    rest[width].append(row)
        late = self._unknown(late)
        others += late
        others.sort(key=_KEY)
        for width in WIDTHS:
            self._insert(
                _ADD_SETTLED[width], _ADD_SETTLED_TOGETHER[width], [row for row in others if len(row) == width]
            )
        self.sources_settled.update(map(_SOURCE, others))
        self._sealing.add_late(self._connection, late)
        return rest

    def _unknown(self, late: list[EventRow]) -> list[EventRow]:
        """Return the events that are not settled yet. Raises IntegrityError if one of them is fresh."""
        if not late:
            return late
        keys = json.dumps([row[:2] for row in late])
        (answer,) = self._connection.execute(_SETTLED_OF, (keys,)).fetchone()
        known = {(number, conversation) for number, conversation in json.loads(answer)}
        unknown = [row for row in late if row[:2] not in known]
        if unknown:
            keys = json.dumps([row[:2] for row in unknown])
            if self._connection.execute(_FRESH_OF, (keys,)).fetchone():
                raise sqlite3.IntegrityError("an event comes again")
        return unknown

    def _insert(self, one: str, together: str, rows: list[EventRow]) -> None:
        """Insert rows of one width, several in one statement."""
        done = len(rows) - len(rows) % _TOGETHER
        for begin in range(0, done, _TOGETHER):
            self._connection.execute(together, [*chain.from_iterable(rows[begin : begin + _TOGETHER])])
        if done < len(rows):
            self._connection.executemany(one, rows[done:])

    def _intern_conversation(self, event: StoredEvent) -> tuple[int, str | None]:
        if len(self._conversations) >= _REMEMBERED:
            self._conversations.clear()
        key = event.conversation
        row: Any = self._connection.execute("SELECT id, name FROM conversation WHERE key = ?", (key,)).fetchone()
        if row is not None and not (isinstance(row[0], int) and isinstance(row[1], str | None)):
            raise UnreadableError(f"the conversation {key} can't be read")
        known: tuple[int, str | None]
        if row is None:
            name = conversation_name(event)
            inserted = self._connection.execute("INSERT INTO conversation (key, name) VALUES (?, ?)", (key, name))
            assert inserted.lastrowid is not None
            known = (inserted.lastrowid, name)
            for identity in members_of(key):
                self._connection.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (identity, known[0]))
        else:
            known = (row[0], row[1])
        self._conversations[key] = known
        return known

    def _intern_source(self, origin: tuple[str, str]) -> int:
        if len(self._sources) >= _REMEMBERED:
            self._sources.clear()
        row: Any = self._connection.execute("SELECT id FROM source WHERE mask = ? AND account = ?", origin).fetchone()
        if row is None:
            inserted = self._connection.execute("INSERT INTO source (mask, account) VALUES (?, ?)", origin)
            row = (inserted.lastrowid,)
        if not isinstance(row[0], int):
            raise UnreadableError(f"the sender {origin[0]} can't be read")
        number: int = row[0]
        self._sources[origin] = number
        return number

    def _put(self, document: Document) -> None:
        key = (document.kind, document.key)
        if document.value is None:
            self._connection.execute("DELETE FROM document WHERE kind = ? AND key = ?", key)
            return
        self._connection.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (*key, document.text))

    def _rename(self, renaming: Renaming) -> None:
        """Rename a conversation. A previous one of that name keeps its events, under a key that is used only for
        erasing all messages of an account; it is the same on all nodes, although numbers differ.
        """
        self.forget()
        self.renamings += 1
        self._connection.execute(_FREE_KEY, (renaming.to, renaming.conversation))
        change = "UPDATE conversation SET key = ?, name = ? WHERE key = ?"
        self._connection.execute(change, (renaming.to, renaming.name, renaming.conversation))
        if renaming.name is None:
            number = one_number(self._connection, "SELECT id FROM conversation WHERE key = ?", renaming.to)
            self._connection.execute("DELETE FROM member WHERE conversation = ?", (number,))
            for identity in members_of(renaming.to):
                self._connection.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (identity, number))

    def _erase(self, erasure: Erasure) -> list[Erased]:
        rows = self._connection.execute(
            """SELECT e.conversation, e.id, e.kind, e.text, s.mask FROM conversation c
               JOIN event e ON e.conversation = c.id JOIN source s ON s.id = e.source
               WHERE c.key = ? AND e.id = ?""",
            (erasure.conversation, erasure.id),
        ).fetchall()
        erased = []
        for conversation, number, kind, text, mask in rows:
            seals.remove(self._connection, conversation, number, number)
            if isinstance(kind, int) and 1 <= kind <= MESSAGES:  # a damaged row must be deleted, too
                self._connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'erasures'")
                erased.append(Erased(conversation, number, text or "", mask))
        return erased
