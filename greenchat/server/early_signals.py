"""Signals that arrive before the server is ready for them, or after it has ended: they do not kill the process.

`adduser` sends SIGHUP to the process that locks the data folder, and an init system SIGTERM at any time. Those that
come early are remembered; those that come late mean nothing any more, and the exit code stays the server's. Only Python
is needed for this, so that it comes first.
"""

import signal
from types import FrameType

_caught: list[int] = []
_OURS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)  # reload, end, and upgrade a server


def hold(*, was_ignored: bool) -> None:
    """Let nothing that reloads, ends or upgrades a server come until the program that takes the place of this one
    remembers it.

    The system gives back what was handled when it runs another program, which has no handlers yet, and continues to
    ignore what was ignored: that says to `terminal` that the server was started by `nohup`. was_ignored: whether SIGHUP
    was before the server began to end.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
    if not was_ignored:
        signal.signal(signal.SIGHUP, _catch)


def remember() -> None:
    """Remember SIGHUP and SIGTERM from now on; a second SIGTERM ends the process. SIGUSR2 means nothing yet."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # a server that has just taken over is upgraded already
    signal.signal(signal.SIGTERM, _catch)  # also where it was ignored: the server heeds it
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` ignores it, which `terminal` checks
        signal.signal(signal.SIGHUP, _catch)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)


def caught() -> frozenset[int]:
    """Return the signals that have come so far."""
    return frozenset(_caught)


def ignore() -> None:
    """Ignore from now on, until the process is gone, what reloads, ends or upgrades a server: there is none any more.

    Without this Python's finalization would give these signals back to the system, which kills the process. A watcher
    of gevent's must not be cancelled before: that gives its signal back, too.
    """
    for number in _OURS:
        signal.signal(number, signal.SIG_IGN)


def _catch(number: int, _: FrameType | None) -> None:
    if number == signal.SIGTERM and number in _caught:
        raise SystemExit(128 + number)
    _caught.append(number)
