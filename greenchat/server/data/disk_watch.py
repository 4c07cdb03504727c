"""Watches the free space of the disk, outside the loop, since a hanging disk would block everybody."""

import logging
from collections.abc import Callable
from pathlib import Path

import gevent

from greenchat.config.options import Storage
from greenchat.server.files.free_space import MIB, free_space, min_free_space
from greenchat.server.thread_pool import Pool

log = logging.getLogger(__name__)

_EVERY = 10.0  # seconds
_AGAIN = 1.25  # times the limit: the free space that counts as sufficient again


class DiskWatch:
    """Reports when the disk under a folder is nearly full, and when it no longer is, until `stop`."""

    def __init__(self, folder: Path, options: Callable[[], Storage], tell: Callable[[str], None]) -> None:
        """Make a watch. options: returns the present ones. tell: gets the warning for operators; "" when it is over."""
        self._folder = folder
        self._options = options
        self._tell = tell
        self._is_low = False
        self._thread = Pool(1, begun=True)
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Stop watching."""
        if self._greenlet:
            self._greenlet.kill()
        self._thread.kill()

    def judge(self, free: int, total: int) -> None:
        """Report a change. free, total: bytes of the disk."""
        mark = min_free_space(total, self._options().low_disk)
        if not self._is_low and free < mark:
            self._is_low = True
            self._tell(
                f"The disk of {self._folder} has only {free // MIB} MiB left (storage.low_disk): until more is free,"
                " users without an account can't send messages, and uploads are refused"
            )
        elif self._is_low and free >= mark * _AGAIN:
            self._is_low = False
            self._tell("")

    def _run(self) -> None:
        while True:
            room = self._thread.apply(_free_space, (self._folder,))
            if room:
                self.judge(*room)
            gevent.sleep(_EVERY)


def _free_space(folder: Path) -> tuple[int, int] | None:
    """Return the bytes that are free for us, and all; None if the disk does not say. In a thread."""
    try:
        return free_space(folder)
    except OSError as error:
        log.error("can't determine the free space of %s: %s", folder, error.strerror)
        return None
