"""Backup, restore, export, check: from outside, also while the store is in use."""

import sqlite3
from pathlib import Path

import pytest

from greenchat.storage.backup import backup, check, export, restore
from greenchat.storage.interface import Document, Span, StoreError
from greenchat.storage.sqlite import SqliteStore
from tests.storage.talk import Talk, opened, texts

ALL = Span(100_000, events=True)


def test_a_backup_while_in_use_can_be_restored(path: Path, store: SqliteStore, talk: Talk, tmp_path: Path) -> None:
    said = talk.lines(100)
    store.commit([*said, Document("account", "alice", 1)])
    copy = tmp_path / "copy"
    backup(path, copy)
    store.commit([talk.say("later")])
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("copy")] == ["copy"]
    elsewhere = tmp_path / "elsewhere" / "greenchat.db"
    elsewhere.parent.mkdir()
    assert restore(copy, elsewhere) is None
    with opened(elsewhere) as restored:
        assert restored.read("#lobby", ALL) == said
        assert restored.document("account", "alice") == 1
        restored.commit([talk.say("goes on")])


def test_a_backup_while_not_in_use(path: Path, talk: Talk, tmp_path: Path) -> None:
    with opened(path) as store:
        store.commit(talk.lines(3))
    backup(path, tmp_path / "copy")
    assert check(tmp_path / "copy") == []


def test_what_is_replaced_is_moved_aside(path: Path, talk: Talk, tmp_path: Path) -> None:
    with opened(path) as store:
        store.commit([talk.say("first")])
    backup(path, tmp_path / "copy")
    with opened(path) as store:
        store.commit([talk.say("second")])
        store.maintain(0)
    aside = restore(tmp_path / "copy", path)
    assert aside
    with opened(path) as store:
        assert texts(store.read("#lobby", ALL)) == ["first"]
    with opened(aside) as store:
        assert texts(store.read("#lobby", ALL)) == ["first", "second"]
    assert restore(tmp_path / "copy", path) not in (None, aside)


def test_a_damaged_database_is_kept_when_it_is_replaced(path: Path, talk: Talk, tmp_path: Path) -> None:
    with opened(path) as store:
        store.commit([talk.say("first")])
    backup(path, tmp_path / "copy")
    path.write_bytes(b"rubbish")
    aside = restore(tmp_path / "copy", path)
    assert aside
    assert aside.read_bytes() == b"rubbish"


@pytest.mark.parametrize("content", [b"", b"rubbish" * 1000])
def test_what_is_no_backup_is_not_restored(path: Path, talk: Talk, tmp_path: Path, content: bytes) -> None:
    with opened(path) as store:
        store.commit([talk.say("first")])
    (tmp_path / "copy").write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="can't be restored"):
        restore(tmp_path / "copy", path)
    with pytest.raises(StoreError, match="there is no database"):
        restore(tmp_path / "nothing", path)
    assert path.read_bytes() == before


def test_a_backup_overwrites_nothing(path: Path, store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(StoreError, match="never overwrites"):
        backup(path, tmp_path / "precious")
    with pytest.raises(StoreError, match="can't back up"):
        backup(path, tmp_path / "nowhere" / "copy")
    with pytest.raises(StoreError, match="there is no database"):
        backup(tmp_path / "nothing", tmp_path / "copy")


def test_an_export_is_all_that_was_said(
    path: Path, store: SqliteStore, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenchat.storage.backup._PAGE", 2)
    said = [talk.say("hi", tags={"+x": "y"}), *talk.lines(5, "#other"), talk.say("", command="JOIN")]
    store.commit(said)
    assert list(export(path)) == [said[0], said[-1], *said[1:-1]]
    assert list(export(path, "#other")) == said[1:-1]
    with pytest.raises(StoreError, match="no history of #nowhere"):
        list(export(path, "#nowhere"))


def test_a_sound_database(path: Path, store: SqliteStore, talk: Talk) -> None:
    store.commit([*talk.lines(100), Document("a", "b", {})])
    assert check(path) == []


def test_what_is_wrong_is_said_in_words(path: Path, talk: Talk) -> None:
    with opened(path) as store:
        store.commit([*talk.lines(10), Document("a", "b", {})])
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM source")
    connection.execute("DELETE FROM conversation")
    connection.execute("UPDATE document SET value = 'x'")
    connection.commit()
    connection.close()
    assert check(path) == [
        "10 events belong to no conversation",
        "10 events come from nobody",
        "1 documents can't be read",
    ]


def test_a_page_that_was_overwritten_is_found(path: Path, talk: Talk) -> None:
    with opened(path) as store:
        store.commit(talk.lines(5000))
    content = bytearray(path.read_bytes())
    content[40 * 2048 : 41 * 2048] = b"\xff" * 2048
    path.write_bytes(content)
    assert check(path) != []


def test_what_is_not_ours(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    assert check(tmp_path / "other") == ["it is no database of greenchat"]
