"""greenchat-server, which tells how many greenlets it has: at each SIGUSR1 it adds a line with their number to a file.

python tests/hostile/counted_server.py FILE [what greenchat-server takes]
"""

import os
import signal
import sys

import gevent

from greenchat.server.main import main
from tests.hostile.figures import living_greenlets


def add_count(file: int) -> None:
    """file: its descriptor, open all the time: there may be no other when it is asked."""
    os.write(file, b"%d\n" % living_greenlets())


if __name__ == "__main__":
    counts = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    gevent.signal_handler(signal.SIGUSR1, add_count, counts)
    raise SystemExit(main())
