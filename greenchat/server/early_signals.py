"""Signals that arrive before the server is ready for them: they are remembered instead of ending the process.

`adduser` sends SIGHUP to the process that locks the data folder, and an init system SIGTERM at any time. Only Python is
needed for this, so that it comes first.
"""

import signal
from types import FrameType

_caught: list[int] = []


def remember() -> None:
    """Remember SIGHUP and SIGTERM from now on; a second SIGTERM ends the process. SIGUSR2 means nothing yet."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # a server that has just taken over is upgraded already
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` ignores it, which `terminal` checks
            signal.signal(number, _catch)


def caught() -> frozenset[int]:
    """Return the signals that have come so far."""
    return frozenset(_caught)


def _catch(number: int, _: FrameType | None) -> None:
    if number == signal.SIGTERM and number in _caught:
        raise SystemExit(128 + number)
    _caught.append(number)
