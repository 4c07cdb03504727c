"""A file that was changed by nobody of ours: whatever stands in it now, it is refused in words. Found by fuzzing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.storage.backup import restore
from greenchat.storage.inspection import check, export
from greenchat.storage.interface import Document, Query, Span, StoreDamagedError, StoreError
from tests.server.process import run
from tests.storage.talk import Talk, opened

_ALL = Span(100, events=True)


@pytest.fixture
def sound(path: Path, talk: Talk) -> Path:
    """A database with something of each kind in it."""
    with opened(path) as store:
        store.commit([talk.say("hi", tags={"+a": "b"}), Document("account", "alice", {"name": "alice"})])
    return path


def _change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("statement", ["DELETE FROM settling", "DELETE FROM counter"])
def test_counters_that_are_gone(sound: Path, statement: str) -> None:
    _change(sound, statement)
    with pytest.raises(StoreDamagedError, match="gives no number"), opened(sound):
        pass


@pytest.mark.parametrize("more", ["{", "[]", '{"m": [1]}', '{"m": 1}', '{"c": 1}', "7", '{"t": []}', '{"t": {"a": 1}}'])
def test_details_of_an_event(sound: Path, more: str, caplog: pytest.LogCaptureFixture) -> None:
    """What is not as it was written is named; all else can still be read."""
    with opened(sound) as store:
        store.commit([Talk(1_800_000_000_000).say("elsewhere", "#other")])
    _change(sound, f"UPDATE fresh SET more = '{more}', kind = 0 WHERE more IS NOT NULL")
    with opened(sound) as store:
        assert store.read("#lobby", _ALL) == []
        assert "of #lobby can't be read" in caplog.text
        assert len(store.read("#other", _ALL)) == 1
    assert [event.conversation for event in export(sound)] == ["#other"]
    assert [problem for problem in check(sound) if "of #lobby can't be read" in problem]


def test_details_of_what_is_found(sound: Path, caplog: pytest.LogCaptureFixture) -> None:
    _change(sound, "UPDATE fresh SET more = '{' WHERE more IS NOT NULL")
    with opened(sound) as store:
        assert store.search(Query(("#lobby",), 5, text="hi")) == []
    assert "can't be read" in caplog.text


def test_a_document_that_is_none(sound: Path) -> None:
    _change(sound, "UPDATE document SET value = '{'")
    with opened(sound) as store:
        with pytest.raises(StoreDamagedError, match="the account alice can't be read"):
            store.documents("account")
        with pytest.raises(StoreDamagedError, match="the account alice can't be read"):
            store.document("account", "alice")


def test_what_sqlite_says_of_it_need_not_be_text(sound: Path, tmp_path: Path) -> None:
    """SQLite quotes the file in its messages, whatever bytes stand there."""
    sound.write_bytes(sound.read_bytes().replace(b"CREATE TABLE document (", b"CREATE TABLE document \xc5"))
    (problem,) = check(sound)
    assert problem.startswith("it is not a valid database")
    with pytest.raises(StoreError, match="can't be restored"):
        restore(sound, tmp_path / "restored.db")
    with pytest.raises(StoreError, match="can't read"):
        list(export(sound))
    with pytest.raises(StoreDamagedError, match="damaged"), opened(sound):
        pass


def test_events_that_lie_in_another_order(sound: Path) -> None:
    """An export comes to an end."""
    later = Talk(1_800_000_000_000).say("later", "#other")
    with opened(sound) as store:
        (before,) = store.read("#lobby", _ALL)
        store.commit([later])
    number, smaller = (each.to_bytes(8, "big") for each in (later.id, before.id - 1))
    content = sound.read_bytes()
    assert content.count(number) == 1
    sound.write_bytes(content.replace(number, smaller))
    with pytest.raises(StoreError, match="the events of #other are not in their order"):
        list(export(sound))


@pytest.mark.parametrize("kind", ["account", "channel", "ban", "presence"])
@pytest.mark.parametrize("value", ["{", "{}", '{"name": "alice", "verifier": 1, "created": 1, "nicks": 7}'])
def test_the_server_refuses_it_in_one_line(tmp_path: Path, kind: str, value: str) -> None:
    """It says which entry is damaged, and the way out."""
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
