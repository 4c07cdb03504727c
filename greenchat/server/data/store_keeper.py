"""Opens the store, prevents a second server from using it, and does its housekeeping outside the loop."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, thread_time
from typing import IO

import gevent

from greenchat.config.options import Storage
from greenchat.server.control.client import ControlRefusedError, NoServerError, ask
from greenchat.server.thread_pool import Pool
from greenchat.storage.interface import DueCuts, Retention, StoreError
from greenchat.storage.sqlite import SqliteStore

log = logging.getLogger(__name__)

DATABASE = "greenchat.db"
STATE = "greenchat.state"
"""The file with the state of a node of several, in the folder for it."""
_LOCK = "greenchat.lock"
_EVERY = 0.1  # seconds
_AFTER_TROUBLE = 5.0
_REPEATED = 600.0
_STEP = 0.002  # seconds of one turn
_TIDYING = 0.5  # seconds between one `maintain` and the next
_BUSY = 0.5  # share of the time in which the loop is not idle
_DAY = 86_400_000  # ms
_PATIENCE = 5.0  # seconds: a server that stops gives its clients at most 4 to hang up
_SHORT_PATIENCE = 0.5  # seconds: a server that was just stopped may not have ended yet
_POLL = 0.1


class StoreKeeper:
    """The store of one server, open from before its first client until after its last. folder: the data folder.

    now: ms since the epoch, for cutting histories. decides: whether this process looks for due cuts; cut: cuts them.

    Housekeeping has a thread of its own: it may take half a second at a time, and neither a login nor a search should
    wait for that.
    """

    def __init__(
        self,
        data: Path,
        options: Storage,
        *,
        now: Callable[[], int],
        inherited: tuple[Path, IO[str] | None] | None = None,
    ) -> None:
        """Open the store. Raises StoreError.

        inherited: the folder of the process that this one takes over from, and its lock.
        """
        self.now = now
        self.decides: Callable[[], bool] = lambda: True
        self.cut: Callable[[DueCuts], None] = lambda due: self.store.commit([*due.surplus, *due.departed])
        self.lock: IO[str] | None = None
        self.is_temporary = not options.persistent
        if inherited:
            data, self.lock = inherited
        elif options.persistent:
            self.lock = lock(data)
        else:
            data = Path(tempfile.mkdtemp(prefix="greenchat-"))
        self.folder = data
        try:
            self.store = SqliteStore(data / DATABASE, durable=options.durability == "power", keep=_retention(options))
        except BaseException:
            if not inherited:  # otherwise the other process may continue
                self._release()
            raise
        self._thread = Pool(1, begun=True)
        self._failures = _FailureLog()
        self._load = _Load()
        self._greenlet: gevent.Greenlet | None = None

    def start_housekeeping(self) -> None:
        """Begin the housekeeping, unless it is running."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._keep_forever)

    def stop_housekeeping(self) -> None:
        """Stop the housekeeping until the next `start_housekeeping`, after its running step."""
        if self._greenlet:
            self._greenlet.kill()
            self._greenlet = None
        self._thread.join()

    def note_holder(self) -> None:
        """Write this process's id into the lock file, if the disk permits; the lock itself does not need it."""
        if self.lock:
            try:
                _note_holder(self.lock)
            except OSError as error:
                log.warning("can't write into %s: %s", self.folder / _LOCK, error.strerror)

    def close(self) -> None:
        """End the housekeeping, and close the store: all commits are in its file."""
        self.stop_housekeeping()
        self._thread.kill()
        self.store.close()
        self._release()

    def _release(self) -> None:
        if self.lock:
            self.lock.close()
        if self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _keep_forever(self) -> None:
        while True:
            try:
                gevent.sleep(_EVERY)
                if self.store.is_tidy(self.now()):
                    continue
                is_busy = self._load.since_last() > _BUSY
                failure = self._thread.apply(self._maintain, (self.now(), self.decides(), is_busy))
                self._cut()
                if failure:
                    with suppress(StoreError):
                        self._tidy()  # all but searches works without an index, which may be all that has failed
                    raise failure
                self._tidy()
                self._failures.is_over()
            except StoreError as error:
                self._failures.tell(str(error))
                gevent.sleep(_AFTER_TROUBLE)
            except Exception:
                log.exception("housekeeping of the database failed because of a bug")
                gevent.sleep(_AFTER_TROUBLE)

    def _tidy(self) -> None:
        """Tidy a little in each turn while there is work, but not so long that `maintain` is never called.

        On a busy server there is always work.
        """
        until = monotonic() + _TIDYING
        more = True
        while more and monotonic() < until:
            pause = monotonic() + _STEP
            while more and monotonic() < pause:
                more = self.store.tidy()
            gevent.sleep(0.001)

    def _cut(self) -> None:
        due = self.store.due_cuts()
        if due.surplus or due.departed:
            self.cut(due)

    def _maintain(self, now: int, decides: bool, is_busy: bool) -> StoreError | None:
        """Call `maintain` in the thread; gevent would print its exception as a bug."""
        try:
            self.store.maintain(now, decides=decides, is_busy=is_busy)
        except StoreError as error:
            return error
        return None


class _Load:
    """The load of the calling thread."""

    __slots__ = ("_at", "_busy")

    def __init__(self) -> None:
        self._at, self._busy = monotonic(), _busy_seconds()

    def since_last(self) -> float:
        """Return the share of the time since the last call in which this thread was not idle."""
        at, busy = self._at, self._busy
        self._at, self._busy = monotonic(), _busy_seconds()
        return (self._busy - busy) / max(self._at - at, 1e-9)


def _busy_seconds() -> float:
    """Return how long this thread has worked, or has waited for a processor that others used, if that is known."""
    try:
        with open("/proc/thread-self/schedstat", encoding="ascii") as file:
            worked, waited, _ = file.read().split()
    except (OSError, ValueError):  # another system, or a kernel without these figures
        return thread_time()
    return (int(worked) + int(waited)) / 1e9


class _FailureLog:
    """The last logged failure, to avoid repetitions: a full disk may stay full for days."""

    __slots__ = ("_at", "_text")

    def __init__(self) -> None:
        self._text = ""
        self._at = 0.0

    def tell(self, text: str) -> None:
        """Log a failure if it is new, or was logged long ago."""
        if text != self._text or monotonic() - self._at > _REPEATED:
            log.error("housekeeping of the database: %s", text)
            self._text, self._at = text, monotonic()

    def is_over(self) -> None:
        """Log the end of a failure, if there was one."""
        if self._text:
            log.info("housekeeping of the database works again")
            self._text = ""


def lock(data: Path) -> IO[str]:
    """Lock the data folder until the returned file is closed.

    A server that is stopping gets some seconds to release it. Raises StoreError if it is locked for longer.
    """
    try:
        (data / _LOCK).touch()
        file = (data / _LOCK).open("r+")
    except OSError as error:
        raise StoreError(f"can't write to the data folder {data}: {error.strerror}") from error
    try:
        _wait_for(file, data)
    except BlockingIOError as error:
        file.close()
        raise StoreError(
            f"another greenchat-server uses the data folder {data}: `greenchat-server status` shows where it listens,"
            " `greenchat-server stop` stops it; or choose another folder with --data"
        ) from error
    try:
        _note_holder(file)
    except OSError as error:
        file.close()
        raise StoreError(f"can't write to the data folder {data}: {error.strerror}") from error
    return file


def _note_holder(file: IO[str]) -> None:
    """Write this process's id into a lock that it holds, over the former one: that works on a full disk."""
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    written = os.write(file.fileno(), f"{os.getpid()}\n".encode())
    os.truncate(file.fileno(), written)


def _wait_for(file: IO[str], data: Path) -> None:
    """Wait for the lock. Raises BlockingIOError."""
    began = monotonic()
    is_told = False
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = monotonic() - began
            if waited > _PATIENCE or (waited > _SHORT_PATIENCE and not _is_ending(data)):
                raise
            if waited > _SHORT_PATIENCE and not is_told:
                is_told = True
                log.info("waiting for the greenchat-server that uses the data folder %s to end", data)
            gevent.sleep(_POLL)


def _is_ending(data: Path) -> bool:
    """Whether the server that uses the data folder is stopping, or does not say."""
    try:
        return bool(ask(data, "status")["ending"])
    except (NoServerError, ControlRefusedError, KeyError, TypeError):
        return True


def who_holds(data: Path) -> int:
    """Return the process id of the server that uses the data folder, 0 if there is none."""
    try:
        with (data / _LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return 0
    except FileNotFoundError:
        return 0
    except BlockingIOError:
        return int((data / _LOCK).read_text() or 0)


def _retention(options: Storage) -> Retention:
    return Retention(
        age=int(options.keep_days * _DAY) or None,
        per_conversation=options.keep_per_channel or None,
        per_unregistered=options.keep_unregistered or None,
        total=options.keep_total or None,
    )
