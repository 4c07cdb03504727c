"""Backups on a schedule: made outside the loop, checked, and limited in number.

Messages that are redacted, or deleted by retention, remain in older backups until these are deleted.
"""

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import gevent

from greenchat.config.options import NOT_GIVEN, BackupOptions
from greenchat.server.data.backup_commands import files_beside, state_beside
from greenchat.server.data.store_keeper import DATABASE
from greenchat.server.thread_pool import Pool
from greenchat.storage import backup, inspection
from greenchat.storage.interface import StoreError

log = logging.getLogger(__name__)

_NAME = "greenchat-%Y%m%d-%H%M%S.gcb"  # UTC: the names sort by time
_OURS = re.compile(r"greenchat-\d{8}-\d{6}\.gcb")
_HOUR = 3600.0  # seconds
_AFTER_TROUBLE = 600.0


class ScheduledBackups:
    """Makes backups at the configured interval, until `stop`.

    data: the data folder. tell: called with a line for operators if one fails.
    """

    def __init__(
        self, data: Path, options: Callable[[], BackupOptions], tell: Callable[[str], None], now: Callable[[], float]
    ) -> None:
        """Prepare the backups. options: returns the present ones. now: seconds since the epoch."""
        self._data = data
        self._options = options
        self._tell = tell
        self._now = now
        self._thread = Pool(1)
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin the schedule."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Stop; an unfinished backup is not counted as one."""
        if self._greenlet:
            self._greenlet.kill()
        self._thread.kill()

    @property
    def folder(self) -> Path:
        """The folder of the backups."""
        folder = self._options().folder
        return self._data / "backups" if folder == NOT_GIVEN else folder

    def due_in(self) -> float:
        """Return the seconds until the next backup is due, 0 or less for now; infinity if backups are off."""
        every = self._options().every * _HOUR
        if not every:
            return float("inf")
        made = existing_backups(self.folder)
        return made[-1].stat().st_mtime + every - self._now() if made else 0.0

    def _run(self) -> None:
        while True:
            wait = self.due_in()
            if wait > 0:
                gevent.sleep(min(wait, 60.0))  # a reload may change the schedule
                continue
            problem = self._thread.apply(self._make)
            if problem:
                log.error("the scheduled backup failed: %s", problem)
                self._tell(f"The scheduled backup failed: {problem}")
                gevent.sleep(_AFTER_TROUBLE)

    def _make(self) -> str:
        """Make a backup and delete the oldest; return why that failed, or "". Run it in a thread."""
        try:
            folder = self.folder
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = folder / time.strftime(_NAME, time.gmtime(self._now()))
            state = state_beside(self._data)
            backup.backup(self._data / DATABASE, file, files_beside(self._data, logs=True), state)
            problems = inspection.check(file)
            if problems:
                return f"{file} is damaged: {problems[0]}"
            for old in existing_backups(folder)[: -self._options().keep]:
                old.unlink(missing_ok=True)
            log.info("the database was saved in %s and checked", file)
        except (StoreError, OSError) as error:
            return str(error)
        return ""


def existing_backups(folder: Path) -> list[Path]:
    """Return the scheduled backups, the oldest first. Other files are ignored."""
    try:
        return sorted(file for file in folder.iterdir() if _OURS.fullmatch(file.name))
    except OSError:  # making a backup reports problems of the folder
        return []
