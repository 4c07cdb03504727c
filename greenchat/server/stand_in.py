"""Keeps the process id of a server alive after an upgrade, for whatever started it and waits for it to end.

A shell, a container or a supervisor has started one process, and considers the server ended when that process ends. So
the first process becomes this one: it passes signals on, and ends with the exit code of the last of its successors. It
uses little, and of the standard library only. Under systemd, which is told its main process, it is not needed.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

VARIABLE = "GREENCHAT_STAND_IN"
"""Of the environment: set in a process that has somebody to stand in for it."""

_PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def become(successor: int) -> None:
    """Stand in from now on for the server that a child of this process is: does not return."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (*_PASSED_ON, signal.SIGCHLD))  # what comes now waits for `main`
    os.execv(sys.executable, [sys.executable, "-m", "greenchat.server.stand_in", str(successor)])


def pass_on(successor: int) -> None:
    """Pass on from now on to a child what this process is told by signals; Ctrl-C reaches both by itself."""
    for number in _PASSED_ON:
        if number != signal.SIGINT:
            signal.signal(number, lambda number, _: os.kill(successor, number))


def main() -> int:
    """Stand in until there is no server any more; return the exit code of the last."""
    successor = int(sys.argv[1])
    signal.pthread_sigmask(signal.SIG_BLOCK, (*_PASSED_ON, signal.SIGCHLD))
    _adopt_orphans()
    code, asked = 0, 0
    while True:
        for pid, status in _ended():
            if pid == successor:
                code = os.waitstatus_to_exitcode(status)
        if not _is_there(successor):
            heirs = _children()
            if not heirs:
                return code if code >= 0 else 128 - code
            successor = heirs[0]
            if asked:  # the one before was handing over just then
                os.kill(successor, asked)
        found = signal.sigwaitinfo((*_PASSED_ON, signal.SIGCHLD))
        # what the kernel sends (Ctrl-C) goes to the whole group of processes, and so to the server as well
        if found.si_signo != signal.SIGCHLD and found.si_code <= 0:
            asked = found.si_signo if found.si_signo in (signal.SIGINT, signal.SIGTERM) else asked
            with suppress(ProcessLookupError):
                os.kill(successor, found.si_signo)


def _adopt_orphans() -> None:
    """Become the parent of the children of children that end, as far as the system can do that."""
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
    """Return the children of this process, where the system tells them."""
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
