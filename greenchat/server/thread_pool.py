"""Thread pools that end before the interpreter does, however the process ends.

A thread that begins or ends while the interpreter is finalized kills the process by a signal, and its exit code is
lost: a server that could not start sometimes ended with -6 or -11.
"""

import atexit

import gevent
from gevent.threadpool import ThreadPool

_PATIENCE = 1.0  # seconds that threads may take at the end of the process

_living: set["Pool"] = set()


class Pool(ThreadPool):  # type: ignore[misc]  # gevent has no types here
    """A pool with a maximum number of threads."""

    def __init__(self, threads: int, *, begun: bool = False) -> None:
        """Make a pool. begun: start all threads now. Later there may be no memory, and the pool would never end."""
        super().__init__(threads)
        _living.add(self)
        if begun:
            self.size = threads

    def kill(self) -> None:
        """Let the threads finish their work."""
        super().kill()
        if not self.size:
            _living.discard(self)


@atexit.register
def _end_all() -> None:
    """End the threads, but wait for none that hangs, as with a mail server that says nothing."""
    if _living:
        gevent.joinall([gevent.spawn(pool.kill) for pool in _living], timeout=_PATIENCE)
