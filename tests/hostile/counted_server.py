"""greenchat-server, which reports its number of greenlets and the memory of SQLite.

At each SIGUSR1 it appends a line with both (the latter in KiB) to a file.

python tests/hostile/counted_server.py FILE [arguments of greenchat-server]
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
    """Append the counts to a file. file: its descriptor, which stays open: there may be no other one when it is
    needed.
    """
    os.write(file, b"%d %d\n" % (living_greenlets(), _memory_of_sqlite() // 1024))


if __name__ == "__main__":
    counts = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    gevent.signal_handler(signal.SIGUSR1, add_counts, counts)
    raise SystemExit(main())
