"""Scheduled backups: when one is due, that it is sound, and how many are kept."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest

from greenchat.config.options import BackupOptions
from greenchat.server.data.scheduled_backups import ScheduledBackups, existing_backups
from greenchat.server.data.store_keeper import DATABASE
from greenchat.storage.sqlite import SqliteStore
from tests.patience import PATIENCE
from tests.server.forked import run, started


def scheduled(data: Path, options: BackupOptions, tell: Callable[[str], None] = print) -> ScheduledBackups:
    return ScheduledBackups(data, lambda: options, tell, time.time)


def test_scheduled_backups_can_be_restored(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[backup]\nevery = 1\n")
    data = tmp_path / "data"
    with started(
        tmp_path, "--listen", "127.0.0.1:0", "--data", str(data), "--config", str(tmp_path / "c.toml")
    ) as server:
        deadline = time.monotonic() + PATIENCE
        while not existing_backups(data / "backups") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.end() == 0
    (made,) = existing_backups(data / "backups")
    assert made.stat().st_mode & 0o777 == 0o600
    ended = run(tmp_path, "restore", str(made), "--data", str(tmp_path / "other"))
    assert (ended.returncode, ended.stderr) == (0, "")


def test_when_one_is_due(tmp_path: Path) -> None:
    assert scheduled(tmp_path, BackupOptions()).due_in() == float("inf")
    wanted = scheduled(tmp_path, BackupOptions(every=2))
    assert wanted.due_in() <= 0
    (tmp_path / "backups").mkdir()
    last = tmp_path / "backups/greenchat-20260101-000000.gcb"
    last.touch()
    os.utime(last, (time.time() - 3600, time.time() - 3600))
    assert wanted.due_in() == pytest.approx(3600, abs=5)


def test_the_oldest_backups_are_deleted_and_no_other_files(tmp_path: Path) -> None:
    SqliteStore(tmp_path / DATABASE).close()
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("greenchat-20260101-000000.gcb", "greenchat-20260102-000000.gcb", "mine.gcb", "greenchat-x.gcb"):
        (folder / name).touch()
    backups = scheduled(tmp_path, BackupOptions(every=1, keep=2))
    assert backups._make() == ""
    assert len(existing_backups(folder)) == 2
    assert existing_backups(folder)[0].name == "greenchat-20260102-000000.gcb"
    assert {file.name for file in folder.iterdir()} >= {"mine.gcb", "greenchat-x.gcb"}


def test_a_failure_is_reported(tmp_path: Path) -> None:
    reports: list[str] = []
    (tmp_path / "backups").write_text("a file where the folder should be")
    backups = scheduled(tmp_path, BackupOptions(every=1), reports.append)
    backups.start()
    with gevent.Timeout(PATIENCE):
        while not reports:
            gevent.sleep(0.01)
    backups.stop()
    assert reports[0].startswith("The scheduled backup failed: ")
