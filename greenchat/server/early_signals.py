"""Keeps signals from killing the process before the server is ready for them, or after it has ended.

`adduser` sends SIGHUP to the process that locks the data folder, and an init system SIGTERM at any time. Early signals
are remembered; late ones are ignored, so that the exit code stays the server's. This module imports only the standard
library, so that it can run first.
"""

import os
import signal
from collections.abc import Collection
from types import FrameType

_LATE = "GREENCHAT_LATE_SIGNALS"  # environment variable: the pipe of a program that was replaced by this one
_caught: list[int] = []
_OURS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)  # reload, end, and upgrade a server


def hold(*, was_ignored: bool) -> None:
    """Block SIGHUP, SIGINT, SIGTERM and SIGUSR2 until the program that replaces this one calls `remember`.

    When a process runs another program, handled signals return to their defaults, while ignored ones stay ignored: that
    tells `terminal` that the server was started by `nohup`. was_ignored: whether SIGHUP was ignored before the server
    began to end.
    """
    os.environ[_LATE] = str(block(_OURS))
    # a thread that takes a signal before this calls the handler of the loop, which runs once more
    for number in _OURS:
        if number != signal.SIGHUP or not was_ignored:
            signal.signal(number, _do_nothing)


def block(numbers: Collection[int]) -> int:
    """Block signals in this thread; return a pipe, which the next program inherits, with those that other threads take.

    The kernel gives a blocked signal to another thread, whose end by execve(2) would otherwise lose it. Only signals
    with a handler of Python's `signal` are written to the pipe.
    """
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    return reading


def late_signals(pipe: int) -> bytes:
    """Return the numbers of the signals that other threads of the former program took, and close the pipe."""
    try:
        return os.read(pipe, 100)
    except BlockingIOError:
        return b""
    finally:
        os.close(pipe)


def remember() -> None:
    """Remember SIGHUP and SIGTERM from now on; a second SIGTERM ends the process. SIGUSR2 is ignored."""
    pipe = os.environ.pop(_LATE, "")
    for number in late_signals(int(pipe)) if pipe else ():
        os.kill(os.getpid(), number)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # a server that has just taken over is upgraded already
    signal.signal(signal.SIGTERM, _catch)  # even if it was ignored: it ends the server
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` ignores it, which `terminal` checks
        signal.signal(signal.SIGHUP, _catch)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)


def caught() -> frozenset[int]:
    """Return the signals that have arrived so far."""
    return frozenset(_caught)


def ignore() -> None:
    """Ignore SIGHUP, SIGINT, SIGTERM and SIGUSR2 until the process exits: the server has ended.

    Otherwise Python's finalization would restore their default actions, which kill the process. Do not cancel a gevent
    watcher before: that restores its signal's default action, too.
    """
    for number in _OURS:
        signal.signal(number, signal.SIG_IGN)


def _catch(number: int, _: FrameType | None) -> None:
    if number == signal.SIGTERM and number in _caught:
        raise SystemExit(128 + number)
    _caught.append(number)


def _do_nothing(number: int, _: FrameType | None) -> None:
    """Handle a signal, so that it is written to the pipe of `block`."""
