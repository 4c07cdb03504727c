"""The files of the server's log: permissions, rotation, and how many are kept."""

import json
import logging
from pathlib import Path

import pytest

from greenchat.server.log_files import JsonFormatter, LogFile

_DAY = 86_400.0  # seconds


def line(text: str, created: float = 1_000_000_000.0) -> logging.LogRecord:
    """Return a log record. created: seconds since the epoch."""
    record = logging.LogRecord("greenchat", logging.INFO, "", 0, text, (), None)
    record.created = created
    return record


def filled(folder: Path) -> dict[str, str]:
    """Return the content of each file of the log."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("keep", "found"),
    [
        (2, {"log": "five\n", "log.1": "four\n", "log.2": "three\n"}),
        (1, {"log": "five\n", "log.1": "four\n"}),
        (0, {"log": "five\n"}),
    ],
)
def test_a_large_file_is_rotated(tmp_path: Path, keep: int, found: dict[str, str]) -> None:
    log = LogFile(tmp_path / "log", largest=3, daily=False, keep=keep)
    for text in ("one", "two", "three", "four", "five"):
        log.handle(line(text))
    log.close()
    assert filled(tmp_path) == found


def test_a_new_file_each_day(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", largest=0, daily=True, keep=5)
    today = (tmp_path / "log").stat().st_mtime
    log.handle(line("today", today))
    log.handle(line("today, too", today))
    log.handle(line("tomorrow", today + _DAY))
    log.close()
    assert filled(tmp_path) == {"log": "tomorrow\n", "log.1": "today\ntoday, too\n"}


def test_a_restart_continues_the_file(tmp_path: Path) -> None:
    for text in ("one", "two"):
        log = LogFile(tmp_path / "log", largest=1000, daily=True, keep=1)
        log.handle(line(text, (tmp_path / "log").stat().st_mtime))
        log.close()
    assert filled(tmp_path) == {"log": "one\ntwo\n"}


def test_a_file_moved_away_by_another_program_is_reopened(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", largest=0, daily=False, keep=1)
    log.handle(line("one"))
    (tmp_path / "log").rename(tmp_path / "log.old")
    log.handle(line("two"))
    log.close()
    assert filled(tmp_path) == {"log": "two\n", "log.old": "one\n"}


def test_only_the_owner_can_read_the_log(tmp_path: Path) -> None:
    LogFile(tmp_path / "log", largest=1, daily=False, keep=1).close()
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_a_folder_that_refuses_renames_loses_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    log = LogFile(tmp_path / "log", largest=1, daily=False, keep=1)
    monkeypatch.setattr(Path, "replace", refuse)
    log.handle(line("one"))
    log.handle(line("two"))
    log.close()
    assert filled(tmp_path) == {"log": "one\ntwo\n"}


def test_a_line_as_json() -> None:
    record = line("alice left\nand more")
    record.fields = {"nick": "alice", "tls": True}
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert json.loads(text) == {
        "time": "2001-09-09T01:46:40.000+00:00",
        "level": "info",
        "name": "greenchat",
        "text": "alice left\nand more",
        "nick": "alice",
        "tls": True,
    }
