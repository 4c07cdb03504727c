"""The audit logs: append-only files in the data folder.

Actions of operators are in `audit.log`, actions of members in their channels and with their accounts in `members.log`,
since anybody can cause many of the latter, which must not displace the former.
Each has a thread that writes it, so that a slow disk blocks nobody. At 4 MiB it becomes `audit.log.1`, that one
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
_MOST_WAITING = 50_000  # lines: members may cause them faster than the disk writes


class AuditLog:
    """A log of operators' or members' actions. name: of the file. largest: bytes in one file."""

    def __init__(self, folder: Path, name: str = OPERATORS, *, largest: int = _LARGEST) -> None:
        self.path = folder / name
        self._largest = largest
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._turn = Lock()  # of the writing thread and the reading one
        # not a thread of gevent's pool, which makes its caller wait when it is full
        self._thread: Thread | None = None
        self._wakes: SimpleQueue[bool] = SimpleQueue()

    def write(self, line: str) -> None:
        """Queue a line. One that can't be written goes to the server's log."""
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(line)
        self._wakes.put(True)
        if self._thread is None:
            self._thread = Thread(target=self._write_forever, name="audit log", daemon=True)
            self._thread.start()

    def read(self, count: int, text: str) -> list[str] | AuditError:
        """Return the last lines that contain a text, ignoring case; the oldest first. From any thread.

        An error is returned: gevent would print a thread's exception as a bug.
        """
        lines: deque[str] = deque(maxlen=count)
        text = text.lower()
        self._write_waiting()
        try:
            for path in reversed(self._files()):
                if path.exists():
                    with path.open(encoding="utf-8", errors="replace") as file:
                        lines.extend(line.rstrip("\n") for line in file if text in line.lower())
        except OSError as error:
            return AuditError(error.strerror or str(error))
        return list(lines)

    def close(self) -> None:
        """Wait until all lines are written."""
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
        """Append as many lines as fit into the present file. Raises OSError."""
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
        """Return the files, the newest first."""
        return [self.path, *(self.path.with_name(f"{self.path.name}.{number}") for number in range(1, _KEPT + 1))]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
