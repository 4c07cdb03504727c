"""greenchat-server, which tells how many greenlets it has: at SIGUSR1 it writes that into a file.

python tests/hostile/counted_server.py FILE [what greenchat-server takes]
"""

import signal
import sys
from pathlib import Path

import gevent

from greenchat.server.main import main
from tests.hostile.figures import living_greenlets


def write_count(file: Path) -> None:
    """Whoever reads the file finds all of the number or nothing."""
    draft = file.with_suffix(".draft")
    draft.write_text(str(living_greenlets()))
    draft.rename(file)


if __name__ == "__main__":
    gevent.signal_handler(signal.SIGUSR1, write_count, Path(sys.argv.pop(1)))
    raise SystemExit(main())
