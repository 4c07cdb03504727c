"""The end of a worker of xdist, without freeing its memory object by object: that took each a second of CPU.

Import it before anything that registers functions for the end of the process: what it registers is called last.
Programs of the tests import it, too, and end as usual, with their exit codes.
"""

import atexit
import os
import sys

_workers: set[int] = set()  # process ids, since forked processes inherit this


def end_at_once() -> None:
    """Let this process end so; nobody asks a worker for its exit code."""
    _workers.add(os.getpid())


def _end() -> None:
    if os.getpid() in _workers:
        sys.stderr.flush()
        os._exit(0)


atexit.register(_end)
