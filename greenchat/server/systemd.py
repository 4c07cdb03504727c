"""Notifies systemd of readiness and reloads, serves its watchdog, and uses sockets that it has opened.

Plain datagrams and environment variables, as sd_notify(3) and sd_listen_fds(3) describe them: no library is needed.
Without systemd none of this has an effect.
"""

import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

_FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START
_MICROSECONDS = 1_000_000
_PATIENCE = 0.1  # seconds that a message waits while systemd is too busy to read; all clients wait with it


class Notifier:
    """Notifies systemd about the service, if it asks for that. environment: the process's."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        own = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        wanted = environment.get("WATCHDOG_USEC", "")
        self._watchdog = int(wanted) / _MICROSECONDS if own and wanted.isdecimal() else 0.0

    @property
    def period(self) -> float:
        """Seconds after which `alive` is to be called again, half of the watchdog's patience; 0: never."""
        return self._watchdog / 2

    def ready(self) -> None:
        """Report that the service is ready."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that a reload begins; `ready` ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """Report that the service begins to stop."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._send(f"STATUS={text}")

    @property
    def is_there(self) -> bool:
        """Whether systemd wants notifications."""
        return bool(self._address)

    def replaced(self, pid: int) -> None:
        """Report that another process is the service from now on."""
        self._send(f"MAINPID={pid}")

    def alive(self) -> None:
        """Keep the watchdog quiet."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.settimeout(_PATIENCE)
                out.sendto(text.encode(), address)
        except OSError as error:
            log.warning("systemd could not be told %r: %s", text.partition("\n")[0], error.strerror or error)


def handed_over(environment: Mapping[str, str] = os.environ) -> Iterator[socket.socket]:
    """Yield the listening sockets that systemd has opened for this process, in the order of its .socket file."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return
    count = environment.get("LISTEN_FDS", "0")
    for number in range(int(count) if count.isdecimal() else 0):
        yield socket.socket(fileno=_FIRST_DESCRIPTOR + number)
