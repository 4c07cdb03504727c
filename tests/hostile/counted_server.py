"""greenchat-server, which tells how many greenlets it has and how much memory SQLite has.

At each SIGUSR1 it adds a line with both (the latter in KiB) to a file.

python tests/hostile/counted_server.py FILE [what greenchat-server takes]
"""

import _sqlite3
import ctypes
import os
import signal
import sys

import gevent

from greenchat.server.main import main
from tests.hostile.figures import living_greenlets

_memory_of_sqlite = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used  # https://sqlite.org/c3ref/memory_highwater.html
_memory_of_sqlite.restype = ctypes.c_int64


def add_counts(file: int) -> None:
    """file: its descriptor, open all the time: there may be no other when it is asked."""
    os.write(file, b"%d %d\n" % (living_greenlets(), _memory_of_sqlite() // 1024))


if __name__ == "__main__":
    counts = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    gevent.signal_handler(signal.SIGUSR1, add_counts, counts)
    raise SystemExit(main())
