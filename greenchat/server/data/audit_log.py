"""The audit logs: files in the data folder to which lines are only ever added.

What operators did is in `audit.log`. What members did in their channels and with their accounts is in `members.log`:
anybody can do a lot of that, and so nobody can push out what operators did.
A thread of its own writes each, so that a slow disk holds up nobody. At 4 MiB it becomes `audit.log.1`, that one
`audit.log.2`, and so on; ten of them are kept.
"""

import logging
import os
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from greenchat.commands.core.process import AuditError

log = logging.getLogger(__name__)

OPERATORS = "audit.log"
MEMBERS = "members.log"
_LARGEST = 4 << 20  # bytes
_KEPT = 9  # former files
_MOST_WAITING = 50_000  # lines: those of members come as fast as they like, and the disk may not


class AuditLog:
    """See above. name: of the file. largest: bytes of one."""

    def __init__(self, folder: Path, name: str = OPERATORS, *, largest: int = _LARGEST) -> None:
        self.path = folder / name
        self._largest = largest
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._turn = Lock()  # of the thread that writes and the one that reads
        # not one of gevent's threads: their pool makes who gives it work wait while it has some
        self._thread: Thread | None = None
        self._wakes: SimpleQueue[bool] = SimpleQueue()

    def write(self, line: str) -> None:
        """Add a line, soon. One that can't be written goes to the server's own log."""
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(line)
        self._wakes.put(True)
        if self._thread is None:
            self._thread = Thread(target=self._write_forever, name="audit log", daemon=True)
            self._thread.start()

    def read(self, count: int, text: str) -> list[str] | AuditError:
        """The last lines that hold a text, in any case of its letters; the oldest first. From any thread.

        An error is returned: what a thread raised would be printed by gevent as a bug.
        """
        found: deque[str] = deque(maxlen=count)
        text = text.lower()
        self._write_waiting()
        try:
            for path in reversed(self._files()):
                if path.exists():
                    with path.open(encoding="utf-8", errors="replace") as file:
                        found.extend(line.rstrip("\n") for line in file if text in line.lower())
        except OSError as error:
            return AuditError(error.strerror or str(error))
        return list(found)

    def close(self) -> None:
        """Wait until all of it is written."""
        if self._thread:
            self._wakes.put(False)
            self._thread.join()

    def _write_forever(self) -> None:
        while self._wakes.get():
            self._write_waiting()

    def _write_waiting(self) -> None:
        with self._turn:
            while self._waiting:
                try:
                    self._append()
                except OSError as error:
                    line = self._waiting.popleft()
                    log.error("the audit log can't be written: %s; it is missing: %s", error.strerror, line)
            if self._lost:
                lost, self._lost = self._lost, 0
                log.error("%s could not be written fast enough: %d entries are missing", self.path, lost)

    def _append(self) -> None:
        """As many lines as go into the file that there is. Raises OSError."""
        if self.path.exists() and self.path.stat().st_size >= self._largest:
            self._rotate()
        with open(self.path, "ab", buffering=0, opener=_private) as file:
            while self._waiting and file.tell() < self._largest:
                file.write(self._waiting[0].encode() + b"\n")
                self._waiting.popleft()

    def _rotate(self) -> None:
        files = self._files()
        for newer, older in zip(files[-2::-1], files[:0:-1], strict=True):
            if newer.exists():
                newer.replace(older)

    def _files(self) -> list[Path]:
        """The newest first."""
        return [self.path, *(self.path.with_name(f"{self.path.name}.{number}") for number in range(1, _KEPT + 1))]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
