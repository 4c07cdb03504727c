"""Keeps the process id of a server alive after an upgrade, for the parent that waits for it to end.

A shell, a container or a supervisor has started one process, and considers the server ended when that process ends. So
the first process becomes this one: it passes signals on, and ends with the exit code of the last of its successors. It
needs little memory. Under systemd, which is told the main process, it is not needed.

A process of a former version starts this module by its name, so the name stays.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from greenchat.server import early_signals

VARIABLE = "GREENCHAT_STAND_IN"
"""Environment variable: set in a process that has a stand-in."""

_PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
_ENDING = (signal.SIGINT, signal.SIGTERM)
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_asked: list[int] = []  # signals that end a server and have been forwarded


def replace_process(successor: int) -> None:
    """Replace this process by the stand-in of a child that is the server; does not return.

    Signals that come now wait for `main`.
    """
    pipe = early_signals.block((*_PASSED_ON, signal.SIGCHLD))
    words = [str(successor), str(pipe), *map(str, _asked[-1:])]
    os.execv(sys.executable, [sys.executable, "-m", "greenchat.server.stand_in", *words])


def pass_on(successor: int) -> None:
    """Forward signals to a child from now on, except for SIGINT: Ctrl-C reaches both."""
    for number in _PASSED_ON:
        if number != signal.SIGINT:
            signal.signal(number, lambda number, _: forward(successor, number))


def forward(successor: int, number: int) -> None:
    """Forward a signal to a child; remember one that ends it, since the child may have been replaced already."""
    if number in _ENDING:
        _asked.append(number)
    with suppress(ProcessLookupError):
        os.kill(successor, number)


def main() -> int:
    """Stand in until there is no server any more; return the exit code of the last."""
    successor = int(sys.argv[1])
    signal.pthread_sigmask(signal.SIG_BLOCK, (*_PASSED_ON, signal.SIGCHLD))
    _adopt_orphans()
    code, asked = 0, int(sys.argv[3]) if len(sys.argv) > 3 else 0
    for number in early_signals.late_signals(int(sys.argv[2])):
        asked = number if number in _ENDING else asked
        with suppress(ProcessLookupError):
            os.kill(successor, number)
    while True:
        for pid, status in _ended():
            if pid == successor:
                code = os.waitstatus_to_exitcode(status)
        if not _is_there(successor):
            successors = _children()
            if not successors:
                return code if code >= 0 else 128 - code
            successor = successors[0]
            if asked:  # the signal came while the previous server was handing over
                os.kill(successor, asked)
        received = signal.sigwaitinfo((*_PASSED_ON, signal.SIGCHLD))
        # signals of the kernel (Ctrl-C) go to the whole process group, so the server gets them, too
        if received.si_signo != signal.SIGCHLD and received.si_code <= 0:
            asked = received.si_signo if received.si_signo in _ENDING else asked
            with suppress(ProcessLookupError):
                os.kill(successor, received.si_signo)


def _adopt_orphans() -> None:
    """Become the parent of orphaned descendants, if the system supports that."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _ended() -> list[tuple[int, int]]:
    ended = []
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            ended.append((pid, status))
    return ended


def _children() -> list[int]:
    """Return the children of this process, if the system lists them."""
    try:
        return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except (OSError, ValueError):
        return []


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
