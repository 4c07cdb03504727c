"""The terminal that the server was started on, and whether it still exists.

SIGHUP means two things: an administrator wants a reload, or the terminal has gone (its window was closed, a connection
broke), which ends foreground programs. A process whose terminal has gone can't open /dev/tty any more. To keep a server
running, start it with nohup, in the background or as a service.
"""

import os
import signal


def ends_with_terminal() -> bool:
    """Whether the process runs in the foreground of a terminal, not under nohup. Check again after a stop."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return False
    terminal = _open()
    if terminal is None:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def is_gone() -> bool:
    """Whether the process has no terminal, or has lost it."""
    terminal = _open()
    if terminal is None:
        return True
    os.close(terminal)
    return False


def _open() -> int | None:
    try:
        return os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return None
