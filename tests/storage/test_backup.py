"""Backup, restore, export and check, also while the store is in use."""

import fcntl
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from greenchat.storage.backup import backup, restore
from greenchat.storage.inspection import add_document, check, export, import_events
from greenchat.storage.interface import Document, Erasure, HistorySpan, Query, StoreDamagedError, StoreError
from greenchat.storage.sqlite import SqliteStore
from greenchat.storage.vacuum import compact
from tests.storage.events import EventMaker, opened, texts

ALL = HistorySpan(100_000, events=True)


def test_a_backup_made_while_in_use_can_be_restored(
    path: Path, store: SqliteStore, talk: EventMaker, tmp_path: Path
) -> None:
    events = talk.lines(100)
    store.commit([*events, Document("account", "alice", 1)])
    copy = tmp_path / "copy"
    backup(path, copy)
    store.commit([talk.say("later")])
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("copy")] == ["copy"]
    elsewhere = tmp_path / "elsewhere" / "greenchat.db"
    elsewhere.parent.mkdir()
    assert restore(copy, elsewhere) == []
    with opened(elsewhere) as restored:
        assert restored.read("#lobby", ALL) == events
        assert restored.document("account", "alice") == 1
        restored.commit([talk.say("goes on")])


def test_a_backup_made_while_not_in_use(path: Path, talk: EventMaker, tmp_path: Path) -> None:
    with opened(path) as store:
        store.commit(talk.lines(3))
    backup(path, tmp_path / "copy")
    assert check(tmp_path / "copy") == []


def test_a_replaced_database_is_moved_aside(path: Path, talk: EventMaker, tmp_path: Path) -> None:
    with opened(path) as store:
        store.commit([talk.say("first")])
    backup(path, tmp_path / "copy")
    with opened(path) as store:
        store.commit([talk.say("second")])
        store.maintain(0)
    aside = restore(tmp_path / "copy", path)
    assert len(aside) == 1
    with opened(path) as store:
        assert texts(store.read("#lobby", ALL)) == ["first"]
    with opened(aside[0]) as store:
        assert texts(store.read("#lobby", ALL)) == ["first", "second"]
    assert restore(tmp_path / "copy", path) not in ([], aside)


def test_a_damaged_database_is_kept_when_it_is_replaced(path: Path, talk: EventMaker, tmp_path: Path) -> None:
    with opened(path) as store:
        store.commit([talk.say("first")])
    backup(path, tmp_path / "copy")
    path.write_bytes(b"rubbish")
    aside = restore(tmp_path / "copy", path)
    assert [file.read_bytes() for file in aside] == [b"rubbish"]


@pytest.mark.parametrize("content", [b"", b"rubbish" * 1000])
def test_an_invalid_backup_is_not_restored(path: Path, talk: EventMaker, tmp_path: Path, content: bytes) -> None:
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
    with pytest.raises(StoreError, match=r"can't back up .*: No such file or directory$"):
        backup(path, tmp_path / "nowhere" / "copy")
    with pytest.raises(StoreError, match="there is no database"):
        backup(tmp_path / "nothing", tmp_path / "copy")


@pytest.mark.usefixtures("store")
def test_two_backups_to_one_name_do_not_disturb_each_other(path: Path, tmp_path: Path) -> None:
    """flock(2): "may be denied by a lock that the calling process has already placed via another file descriptor"."""
    target = tmp_path / "backup.db"
    (tmp_path / "backup.db.part").write_bytes(b"what a killed one left")
    with (tmp_path / "backup.db.part").open("rb") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match=r"another backup to .*backup\.db is being written"):
            backup(path, target)
    assert not target.exists()
    backup(path, target)
    assert check(target) == []


def test_an_export_has_all_messages(
    path: Path, store: SqliteStore, talk: EventMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenchat.storage.inspection._PAGE", 2)
    events = [talk.say("hi", tags={"+x": "y"}), *talk.lines(5, "#other"), talk.say("", command="JOIN")]
    store.commit(events)
    assert list(export(path)) == [events[0], events[-1], *events[1:-1]]
    assert list(export(path, "#other")) == events[1:-1]
    with pytest.raises(StoreError, match="no history of #nowhere"):
        list(export(path, "#nowhere"))


def test_a_sound_database(path: Path, store: SqliteStore, talk: EventMaker) -> None:
    store.commit([*talk.lines(100), Document("a", "b", {})])
    assert check(path) == []


def test_damage_is_described(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        store.commit([*talk.lines(10), Document("a", "b", {})])
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM source")
    connection.execute("DELETE FROM conversation")
    connection.execute("UPDATE document SET value = 'x'")
    connection.commit()
    connection.close()
    assert check(path) == [
        "10 events without a conversation",
        "10 events without a source",
        "the a b can't be read: Expecting value: line 1 column 1 (char 0)",
    ]


def test_an_overwritten_page_is_found(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        store.commit(talk.lines(5000))
    content = bytearray(path.read_bytes())
    content[20 * 4096 : 21 * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    assert check(path) != []


def test_a_database_of_another_program(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    assert check(tmp_path / "other") == ["it is not a greenchat database"]


def test_a_backup_includes_files_and_a_restore_puts_them_back(path: Path, store: SqliteStore, tmp_path: Path) -> None:
    store.commit([Document("a", "b", 1)])
    (tmp_path / "cert.pem").write_bytes(b"trusted")
    backup(path, tmp_path / "copy", ["cert.pem"])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "cert.pem").write_bytes(b"another")
    aside = restore(tmp_path / "copy", elsewhere / "greenchat.db")
    assert [file.name for file in aside] == ["cert.pem.replaced-1"]
    assert (elsewhere / "cert.pem").read_bytes() == b"trusted"
    assert aside[0].read_bytes() == b"another"
    assert b"trusted" not in (elsewhere / "greenchat.db").read_bytes()
    assert check(elsewhere / "greenchat.db") == []


@pytest.mark.parametrize("leftover", ["-wal", "-search", "-search-wal", ".replaced-1", ".part"])
@pytest.mark.parametrize("is_empty", [True, False])
def test_no_database_is_created_beside_the_remains_of_another(path: Path, leftover: str, is_empty: bool) -> None:
    if is_empty:
        path.touch()
    path.with_name(path.name + leftover).write_bytes(b"")
    for make in (SqliteStore, lambda path: add_document(path, "a", "b", 1)):
        with pytest.raises(StoreDamagedError, match=r"is (missing|empty).*restore FILE"):
            make(path)
    assert not path.exists() or path.read_bytes() == b""


def test_a_killed_first_start_does_not_prevent_the_next(path: Path) -> None:
    path.touch()
    path.with_name(path.name + "-journal").touch()
    with opened(path) as store:
        store.commit([Document("a", "b", 1)])


def test_a_crash_while_restoring_leaves_the_old_or_the_new(
    path: Path, talk: EventMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each call that changes a name or removes one, the database that a start would find is complete."""
    with opened(path) as store:
        store.commit([talk.say("old")])
    backup(path, tmp_path / "copy")
    with opened(path) as store:
        store.commit([talk.say("newer")])
    found: list[list[str]] = []

    def watch(owner: object, name: str) -> None:
        change = getattr(owner, name)

        def changed(*arguments: Any, **options: Any) -> Any:
            answer = change(*arguments, **options)
            look = tmp_path / f"look-{len(found)}"
            shutil.copytree(path.parent, look, ignore=lambda *_: [each.name for each in tmp_path.glob("look-*")])
            with opened(look / path.name) as store:
                found.append(texts(store.read("#lobby", ALL)))
            return answer

        monkeypatch.setattr(owner, name, changed)

    for owner, name in ((os, "link"), (os, "replace"), (os, "rename"), (Path, "unlink"), (Path, "replace")):
        watch(owner, name)
    restore(tmp_path / "copy", path)
    monkeypatch.undo()
    assert found[0] == ["old", "newer"]
    assert found[-1] == ["old"]
    assert all(each in (["old", "newer"], ["old"]) for each in found)


def test_one_unreadable_record_does_not_hide_others(path: Path, talk: EventMaker) -> None:
    """In a page, a search, an export; `check` names it."""
    with opened(path) as store:
        store.commit(talk.lines(6))
        events = store.read("#lobby", ALL)
        store.learn()
    spoiled = {1: "text = CAST(x'ff' AS TEXT)", 3: "more = '{'", 4: "more = '[]'"}
    connection = sqlite3.connect(path)
    for number, change in spoiled.items():
        connection.execute(f"UPDATE fresh SET {change} WHERE id = ?", (events[number].id,))
        connection.execute(f"UPDATE settled SET {change} WHERE id = ?", (events[number].id,))
    connection.commit()
    connection.close()
    left = [event for number, event in enumerate(events) if number not in spoiled]
    with opened(path) as store:
        assert store.read("#lobby", ALL) == left
        assert store.read("#lobby", HistorySpan(2, newest=True)) == events[5:]
        assert store.search(Query(["#lobby"], 10)) == left
    assert list(export(path)) == left
    sealed, *problems = check(path)
    assert "was changed after it was stored: 6 events" in sealed
    assert len(problems) == 3
    for number in spoiled:
        assert any(str(events[number].id) in problem for problem in problems)


def test_an_export_can_be_imported(path: Path, talk: EventMaker, tmp_path: Path) -> None:
    events = [talk.say("grüße", tags={"+x": "y"}), *talk.lines(5, "#other"), talk.say("", command="JOIN")]
    with opened(path) as store:
        store.commit(events)
    elsewhere = tmp_path / "elsewhere.db"
    assert import_events(elsewhere, export(path)) == (7, 0)
    assert import_events(elsewhere, export(path)) == (0, 7)
    assert list(export(elsewhere)) == list(export(path))
    assert check(elsewhere) == []


def test_compacting_makes_the_pages_of_an_older_database_larger(path: Path, talk: EventMaker) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 2048")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    with opened(path) as store:
        store.commit(events := talk.lines(100))
        (size,) = store._connection.execute("PRAGMA page_size").fetchone()
        assert size == 2048
    compact(path)
    with opened(path) as store:
        assert store.read("#lobby", ALL) == events
        (size,) = store._connection.execute("PRAGMA page_size").fetchone()
        assert size == 4096


def test_compacting_frees_disk_space(path: Path, talk: EventMaker) -> None:
    with opened(path) as store:
        store.commit(events := talk.lines(8000))
        store.commit([Erasure("#lobby", event.id) for event in events[10:]])
    before, after = compact(path)
    assert after < before / 4
    with opened(path) as store:
        assert store.read("#lobby", ALL) == events[:10]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    connection.close()
