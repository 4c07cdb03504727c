"""Signals that come before the server is ready for them: they are remembered, and nobody dies of them.

`adduser` sends SIGHUP to whoever holds the data folder, and an init system SIGTERM whenever it likes. Python alone is
needed for this, so that it comes first.
"""

import signal
from types import FrameType

_caught: list[int] = []


def remember() -> None:
    """Remember SIGHUP and SIGTERM from now on; a second SIGTERM ends the process."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has it ignored, and `terminal` looks whether
            signal.signal(number, _catch)


def caught() -> frozenset[int]:
    """Return the signals that have come so far."""
    return frozenset(_caught)


def _catch(number: int, _: FrameType | None) -> None:
    if number == signal.SIGTERM and number in _caught:
        raise SystemExit(128 + number)
    _caught.append(number)
