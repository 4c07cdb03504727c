"""Files changed by other programs: whatever they contain, they are refused with a reason. Found by fuzzing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from greenchat.storage import inspection
from greenchat.storage.backup import restore
from greenchat.storage.inspection import check, documents, export
from greenchat.storage.interface import (
    NOWHERE,
    Document,
    Erasure,
    HistorySpan,
    Query,
    Renaming,
    StoreDamagedError,
    StoredEvent,
    StoreError,
    direct_key,
)
from greenchat.storage.schema import migrate
from greenchat.storage.search import index_of
from tests.server.forked import run
from tests.storage.events import EventMaker, opened, tidy_up

_ALL = HistorySpan(100, events=True)


@pytest.fixture
def sound(path: Path, talk: EventMaker) -> Path:
    """Make a database with something of each kind."""
    with opened(path) as store:
        store.commit([talk.say("hi", tags={"+a": "b"}), Document("account", "alice", {"name": "alice"})])
    return path


def _change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_private_conversation_that_cannot_be_found_is_not_renamed(sound: Path) -> None:
    with opened(sound) as store, pytest.raises(StoreError, match="gives no number"):
        store.commit([Renaming(direct_key("~a", "~b"), direct_key("~a", "~c"), None)])


def test_an_index_without_its_state_is_made_again(sound: Path) -> None:
    query = Query(("#lobby",), 50, text="hi")
    with opened(sound) as store:
        found = store.search(query)
        assert len(found) == 1
    _change(index_of(sound), "DELETE FROM state")
    with opened(sound) as store:
        with suppress(StoreError):
            store.search(query)
        assert store.search(query) == found


@pytest.mark.parametrize("statement", ["DELETE FROM settling", "DELETE FROM counter"])
def test_missing_counters(sound: Path, statement: str) -> None:
    _change(sound, statement)
    with pytest.raises(StoreDamagedError, match="gives no number"), opened(sound):
        pass


def test_ids_that_are_not_numbers(sound: Path) -> None:
    """One wrong byte in the text of a view makes its column another one."""
    _change(sound, "DROP VIEW unsettled")
    _change(
        sound, "CREATE VIEW unsettled AS SELECT conversation, 'x' AS id, kind, source, target, text, more FROM fresh"
    )
    with pytest.raises(StoreDamagedError, match="gives no numbers"), opened(sound):
        pass


def test_a_conversation_without_a_key(sound: Path) -> None:
    _change(sound, "ALTER TABLE conversation RENAME TO before")
    _change(sound, "CREATE TABLE conversation (id INTEGER PRIMARY KEY, key TEXT, name TEXT)")
    _change(sound, "INSERT INTO conversation SELECT id, NULL, name FROM before")
    with opened(sound) as store, pytest.raises(StoreDamagedError, match="a conversation has no key"):
        store.conversations()


def test_events_out_of_order(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged index may return the same page for ever: `check` names it, and ends."""
    answers = iter([[3], [2]])

    def read_badly(*given: Any) -> list[StoredEvent]:
        given[4].extend(next(answers))
        return []

    monkeypatch.setattr(inspection, "read", read_badly)
    assert check(sound) == ["it is not a valid database: the events of #lobby are not in their order"]


def test_a_document_without_a_value(sound: Path) -> None:
    """The value, if a byte of the schema is damaged, may be NULL; it is named, without a traceback."""
    _change(sound, "ALTER TABLE document RENAME TO before")
    _change(sound, "CREATE TABLE document (kind TEXT, key TEXT, value TEXT)")
    _change(sound, "INSERT INTO document VALUES ('account', 'alice', NULL)")
    assert any("the account alice can't be read" in problem for problem in check(sound))
    with pytest.raises(StoreError):
        documents(sound, "account")
    with opened(sound) as store, pytest.raises(StoreDamagedError, match="the account alice can't be read"):
        store.documents("account")


def test_a_counter_lost_while_the_file_is_open(path: Path, talk: EventMaker) -> None:
    """Closing writes the last seals; if the file was damaged meanwhile that is left to `check`."""
    with opened(path) as store:
        store.commit([talk.say("hi")])
        _change(path, "DELETE FROM counter WHERE name = 'reseals'")


@pytest.mark.parametrize("more", ["{", "[]", '{"m": [1]}', '{"m": 1}', '{"c": 1}', "7", '{"t": []}', '{"t": {"a": 1}}'])
def test_details_of_an_event(sound: Path, more: str, caplog: pytest.LogCaptureFixture) -> None:
    """A changed value is named; all others can still be read."""
    with opened(sound) as store:
        store.commit([EventMaker(1_800_000_000_000).say("elsewhere", "#other")])
    _change(sound, f"UPDATE fresh SET more = '{more}', kind = 0 WHERE more IS NOT NULL")
    with opened(sound) as store:
        assert store.read("#lobby", _ALL) == []
        assert "of #lobby can't be read" in caplog.text
        assert len(store.read("#other", _ALL)) == 1
    assert [event.conversation for event in export(sound)] == ["#other"]
    assert [problem for problem in check(sound) if "of #lobby can't be read" in problem]


def test_details_of_search_results(sound: Path, caplog: pytest.LogCaptureFixture) -> None:
    _change(sound, "UPDATE fresh SET more = '{' WHERE more IS NOT NULL")
    with opened(sound) as store:
        assert store.search(Query(("#lobby",), 5, text="hi")) == []
    assert "can't be read" in caplog.text


def test_an_invalid_document(sound: Path) -> None:
    _change(sound, "UPDATE document SET value = '{'")
    with opened(sound) as store:
        with pytest.raises(StoreDamagedError, match="the account alice can't be read"):
            store.documents("account")
        with pytest.raises(StoreDamagedError, match="the account alice can't be read"):
            store.document("account", "alice")


def test_messages_of_sqlite_need_not_be_text(sound: Path, tmp_path: Path) -> None:
    """SQLite quotes the file in its messages, whatever its bytes."""
    sound.write_bytes(sound.read_bytes().replace(b"CREATE TABLE document (", b"CREATE TABLE document \xc5"))
    (problem,) = check(sound)
    assert problem.startswith("it is not a valid database")
    with pytest.raises(StoreError, match="can't be restored"):
        restore(sound, tmp_path / "restored.db")
    with pytest.raises(StoreError, match="can't read"):
        list(export(sound))
    with pytest.raises(StoreDamagedError, match="damaged"), opened(sound):
        pass


def _varint(number: int) -> bytes:
    """Return a rowid of more than 56 bits as SQLite writes it."""
    return bytes(0x80 | number >> shift & 0x7F for shift in range(57, 7, -7)) + bytes([number & 0xFF])


def test_events_stored_in_another_order(sound: Path) -> None:
    """An export comes to an end."""
    later = EventMaker(1_800_000_000_000).say("later", "#other")
    with opened(sound) as store:
        (before,) = store.read("#lobby", _ALL)
        store.commit([later])
    content = sound.read_bytes()
    for encode in (_varint, lambda number: number.to_bytes(8, "big")):  # its row, and the end of what is sealed
        number, smaller = encode(later.id), encode(before.id - 1)
        assert content.count(number) == 1
        content = content.replace(number, smaller)
    sound.write_bytes(content)
    with pytest.raises(StoreError, match="the events of #other are not in their order"):
        list(export(sound))


@pytest.mark.parametrize("kind", ["account", "channel", "ban", "presence"])
@pytest.mark.parametrize("value", ["{", "{}", '{"name": "alice", "verifier": 1, "created": 1, "nicks": 7}'])
def test_the_server_refuses_it_in_one_line(tmp_path: Path, kind: str, value: str) -> None:
    """The line names the damaged entry and the remedy."""
    database = tmp_path / "data" / "greenchat.db"
    database.parent.mkdir()
    with opened(database) as store:
        store.commit([Document(kind, "the-key", {})])
    _change(database, f"UPDATE document SET value = '{value}'")
    ended = run(tmp_path, "--listen", "127.0.0.1:0", "--data", str(database.parent))
    assert ended.returncode == 2
    (line,) = (line for line in ended.stderr.splitlines() if "warning: " not in line)
    assert f"the {kind} the-key can't be read" in line
    assert "greenchat-server restore" in line


_WRONG = {"nothing": "NULL", "a text": "'x'", "a number": "7", "bytes that are no text": "CAST(x'e9ff' AS TEXT)"}


@cache
def _columns() -> list[tuple[str, str]]:
    """Return all tables of a database, each with one of its columns."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection, Path("database"))
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        pairs = [(name, row[1]) for (name,) in tables for row in connection.execute(f"PRAGMA table_info({name})")]
    return [pair for pair in pairs if not pair[0].startswith("sqlite_")]


@pytest.mark.parametrize("value", _WRONG.values(), ids=_WRONG)
@pytest.mark.parametrize(("table", "column"), _columns())
def test_a_wrong_value_in_any_column(path: Path, talk: EventMaker, table: str, column: str, value: str) -> None:
    """As a wrong byte of the file makes it: each operation works, or is refused with a reason."""
    with opened(path) as store:
        store.commit([*talk.lines(20), talk.say("hello", tags={"+a": "b"}), Document("account", "x", {"name": "x"})])
        store.commit([talk.say("in private", direct_key("~a", "~b"), params=("bob", "in private"))])
        tidy_up(store, talk.now)
        store.commit([talk.say("fresh")])
    columns = [f"{value} AS {name}" if name == column else name for each, name in _columns() if each == table]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA legacy_alter_table = ON")  # views keep reading the table of this name
        connection.execute(f"CREATE TABLE wrong AS SELECT {', '.join(columns)} FROM {table}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE wrong RENAME TO {table}")
    works: list[Callable[[], object]] = [
        lambda: check(path), lambda: list(export(path)), lambda: documents(path, "account"),
        lambda: restore(path, path.with_name("copy")),
    ]  # fmt: skip
    for work in works:
        with suppress(StoreError):
            work()
    with suppress(StoreError), opened(path) as store:
        works = [
            lambda: store.read("#lobby", _ALL), lambda: store.targets("~a", ["#lobby"], 0, 1 << 62), store.accounts,
            lambda: store.search(Query(("#lobby",), 50, text="line")), lambda: store.documents("account"),
            lambda: store.document("account", "x"), store.conversations, lambda: store.tagged("+a", 0, 9),
            lambda: list(store.said_by(["alice"], NOWHERE, 9)), lambda: store.maintain(talk.now), store.tidy,
            lambda: store.commit([talk.say("more"), Document("account", "x", None)]),
            lambda: store.commit([Erasure("#lobby", talk.ids.last), Renaming("#lobby", "#hall", "#hall")]),
            lambda: store.commit([Renaming(direct_key("~a", "~b"), direct_key("~a", "~c"), None)]),
            lambda: tidy_up(store, talk.now + (1 << 36)), store.learn,
        ]  # fmt: skip
        for work in works:
            with suppress(StoreError):
                work()
