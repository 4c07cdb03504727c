"""The server's log: the format of its lines, and the rotation of its files."""

import errno
import json
import logging
import os
import sys
import time
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TextIO

from greenchat.cli import close_errors
from greenchat.config.options import NOT_GIVEN, LogOptions

_MIB = 1 << 20
_DAY = 86_400  # seconds
_GONE = (errno.EIO, errno.EPIPE)  # a terminal, the reader of a pipe
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """Formats a line as one JSON object: time, level, name, text, and its `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "name": record.name,
            "text": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


class ErrorOutput(logging.StreamHandler[TextIO]):
    """Logs to standard error, as long as somebody reads it: its terminal, or the reader of a pipe, may be gone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; discard it and all others if nobody reads them any more."""
        try:
            self.stream.write(self.format(record) + self.terminator)
            self.flush()
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _GONE:
                close_errors()
            else:
                self.handleError(record)


class LogFile(WatchedFileHandler):
    """A log file that only the server's user can read. When it is too large, or from yesterday (UTC), it is renamed to
    `log.1`, that one to `log.2`, and so on; `keep` old files stay. A new file is also started if another program moves
    it away.
    """

    def __init__(self, path: Path, *, largest: int, daily: bool, keep: int) -> None:
        """Open a log file. largest: bytes after which a new file is started, 0 for never. Raises OSError."""
        self._largest = largest
        self._daily = daily
        self._keep = keep
        self._day = 0
        super().__init__(path, encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        if self._is_due(record):
            self._rotate()
        super().emit(record)

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        file = os.fdopen(descriptor, "a", encoding=self.encoding)
        self._day = int(os.fstat(file.fileno()).st_mtime if file.tell() else time.time()) // _DAY
        return file

    def _is_due(self, record: logging.LogRecord) -> bool:
        is_large = self._largest and self.stream and self.stream.tell() >= self._largest
        return bool(is_large or (self._daily and int(record.created) // _DAY > self._day))

    def _rotate(self) -> None:
        """Begin a new file; if the old one can't be renamed, continue with it."""
        path = Path(self.baseFilename)
        files = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, self._keep + 1))]
        self.close()
        try:
            if not self._keep:
                path.unlink(missing_ok=True)
            for newer, older in zip(files[-2::-1], files[:0:-1], strict=True):
                if newer.exists():
                    newer.replace(older)
        except OSError as error:
            sys.stderr.write(f"greenchat-server: can't begin a new log {path}: {error.strerror}\n")
        self.stream = self._open()
        self._day = int(time.time()) // _DAY


def start_log(options: LogOptions) -> None:
    """Begin the log. Raises OSError if its file can't be written."""
    handler: logging.Handler = ErrorOutput(sys.stderr)
    if options.file != NOT_GIVEN:
        handler = LogFile(options.file, largest=options.largest * _MIB, daily=options.daily, keep=options.keep)
    if options.format == "json":
        handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=options.level.upper(), format=_FORMAT, handlers=[handler])
