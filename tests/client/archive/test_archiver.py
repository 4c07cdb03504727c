"""The windows and the archive: what a start restores, what is exported, and continuing without an archive."""

import sqlite3
from pathlib import Path

import pytest

from greenchat.client.archive.archiver import RETRY_SECONDS, Archiver
from greenchat.client.state.effects import Export
from tests.client.world import NOON, World

CAPS = "echo-message batch message-tags server-time draft/chathistory"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the archive."""
    return tmp_path / "data/talk.sqlite3"


def started(path: Path | None, caps: str = CAPS) -> tuple[World, Archiver]:
    world = World()
    archiver = Archiver(world.model, path)
    archiver.turn(0.0, NOON)
    world.welcome(caps)
    world.join()
    archiver.turn(0.0, NOON)
    return world, archiver


def test_lines_are_restored_at_the_start_and_older_ones_while_scrolling(path: Path) -> None:
    world, archiver = started(path, "message-tags")
    for number in range(400):
        world.feed(f"@msgid=m{number} :bob!b@h PRIVMSG #tea :{number}")
    archiver.close(1.0, NOON)
    world, archiver = started(path, "message-tags")
    lines = [line for line in world.shown() if line.startswith("bob")]
    assert lines == [f"bob: {number}" for number in range(100, 400)]
    world.press("M-<")  # this server has no history
    archiver.turn(2.0, NOON)
    lines = [line for line in world.shown() if line.startswith("bob")]
    assert lines == [f"bob: {number}" for number in range(400)]
    world.press("M-<")
    archiver.turn(3.0, NOON)
    assert len(world.model.current.lines) == 401
    archiver.close(4.0, NOON)


def test_gaps_are_restored(path: Path) -> None:
    world, archiver = started(path)
    world.feed("@msgid=a :bob!b@h PRIVMSG #tea :one", "@msgid=b :bob!b@h PRIVMSG #tea :two")
    world.model.current.history.gaps["b"] = True
    archiver.close(1.0, NOON)
    world, archiver = started(path)
    assert world.model.current.history.gaps == {"b": False}
    assert any("messages are missing here" in row for row in world.screen())
    world.model.current.history.gaps.clear()
    archiver.close(1.0, NOON)
    world, archiver = started(path)
    assert world.model.current.history.gaps == {}
    archiver.close(1.0, NOON)


@pytest.mark.parametrize("content", [b"no database" * 200, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_reported_once_and_kept(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    world, archiver = started(path)
    for second in range(1, 5):
        world.feed("@msgid=a :bob!b@h PRIVMSG #tea :hello")
        archiver.turn(second * 100.0, NOON)
    lines = [line for line in world.shown("") if line.startswith("! The history can't be saved: ")]
    assert len(lines) == 1
    assert lines[0].endswith(f"(move {path} away to start with an empty one).")
    assert path.read_bytes() == content
    archiver.close(1.0, NOON)


def test_a_file_damaged_during_use_only_ends_the_saving(path: Path) -> None:
    world, archiver = started(path)
    other = sqlite3.connect(path)
    other.execute("DROP TABLE line")
    other.commit()
    other.close()
    world.feed("@msgid=a :bob!b@h PRIVMSG #tea :hello")
    archiver.turn(1.0, NOON)
    archiver.turn(2.0, NOON)
    assert world.shown()[-2] == "bob: hello"
    assert "no such table" in world.shown()[-1]
    archiver.close(1.0, NOON)


def test_a_lock_of_another_program_is_waited_for(path: Path) -> None:
    started(path)[1].close(0.0, NOON)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    world, archiver = started(path)
    world.feed("@msgid=a :bob!b@h PRIVMSG #tea :hello")
    archiver.turn(1.0, NOON)
    assert [line for line in world.shown("") if "another program is using it; trying again" in line]
    other.execute("ROLLBACK")
    other.close()
    archiver.turn(2 * RETRY_SECONDS, NOON)
    archiver.close(3 * RETRY_SECONDS, NOON)
    world, archiver = started(path)
    assert "bob: hello" in world.shown()
    archiver.close(1.0, NOON)


def export(world: World, archiver: Archiver, line: str, folder: Path) -> str:
    """Return what the user is told after entering this."""
    world.type(line + "\n")
    wanted = world.model.effects.popleft()
    assert isinstance(wanted, Export)
    archiver.export(list(wanted.buffers), wanted.path, folder, NOON)
    return world.shown()[-1]


@pytest.mark.parametrize("archived", [True, False])
def test_export(path: Path, tmp_path: Path, *, archived: bool) -> None:
    world, archiver = started(path if archived else None, "message-tags")
    world.feed(
        "@msgid=a :bob!b@h PRIVMSG #tea :\x02one\x02 \x1b[2J",
        "@msgid=b :carol!c@h PRIVMSG #tea :\x01ACTION waves\x01",
        "@msgid=j :dora!d@h JOIN #tea",
        "@msgid=c :bob!b@h NOTICE #tea :psst",
        "@msgid=d :eve!e@h PRIVMSG alice :hi",
    )
    archiver.turn(1.0, NOON)
    answer = export(world, archiver, f"/export {tmp_path}/tea.txt", tmp_path / "logs")
    assert answer == f"- 5 lines are in {tmp_path}/tea.txt now."
    assert sorted((tmp_path / "tea.txt").read_text().splitlines()) == [
        "2026-09-21 14:13:20 * +carol waves",
        "2026-09-21 14:13:20 -!- You joined",
        "2026-09-21 14:13:20 -!- dora joined",
        "2026-09-21 14:13:20 -bob- psst",
        "2026-09-21 14:13:20 <bob> one ␛[2J",
    ]
    assert (tmp_path / "tea.txt").stat().st_mode & 0o777 == 0o600
    answer = export(world, archiver, f"/export {tmp_path}/tea.txt", tmp_path / "logs")
    assert answer == f"! {tmp_path}/tea.txt already exists; name another file."
    for _ in range(2):
        export(world, archiver, "/export all", tmp_path / "logs")
    names = sorted(file.name for file in (tmp_path / "logs").iterdir())
    assert names == ["irc.example_9090.#tea.txt", "irc.example_9090.eve.txt"]
    answer = export(world, archiver, "/export /proc/nowhere/tea.txt", tmp_path / "logs")
    assert answer.startswith("! /proc/nowhere/tea.txt could not be written: ")
    archiver.close(2.0, NOON)


def test_the_limit_is_a_number(tea: World) -> None:
    tea.type("/set archive.megabytes lots\n/set archive.megabytes 50\n")
    assert tea.shown()[-2:] == ["! archive.megabytes is a whole number from 0 to 1000000.", "- archive.megabytes = 50"]
    assert tea.model.settings.get("archive.megabytes") == 50
