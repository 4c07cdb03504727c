"""Reports the state of the machine to operators: its date, the free space of its disk, the server's certificate."""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol, TypeVar

from greenchat.chat.network import Network
from greenchat.commands.core.audit_log import tell_operators
from greenchat.commands.core.context import Context
from greenchat.config.options import Options
from greenchat.protocol.msgid import time_of
from greenchat.protocol.times import format_time
from greenchat.server.data.disk_watch import DiskWatch
from greenchat.server.net.stream import TlsAcceptor

log = logging.getLogger(__name__)

T = TypeVar("T")

_FUTURE = 60_000  # ms: less is an ordinary correction
_DAY = 86_400.0  # seconds
_DATE, _DISK = "date", "disk"
_ROOM_AGAIN = "The disk has enough space again: everybody can send messages"


class HealthServerParts(Protocol):
    """The parts of the server that `Health` uses."""

    network: Network
    options: Options
    tls: TlsAcceptor | None

    def now(self) -> int:
        """Return ms since the epoch."""

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn, and return what it returns."""


class Health:
    """Watches from `start` to `stop`."""

    def __init__(self, server: HealthServerParts, folder: Path, last_id: int) -> None:
        """Prepare to watch. folder: of the data. last_id: of the last event before this start."""
        self._server = server
        self._certificate_due = monotonic() + _DAY
        self._disk = DiskWatch(folder, lambda: server.options.storage, self._follow_disk)
        self._check_for_future_ids(last_id)

    def start(self) -> None:
        """Begin to watch the disk."""
        self._disk.start()

    def stop(self) -> None:
        """Stop watching."""
        self._disk.stop()

    def look_at_certificate(self) -> None:
        """Check the certificate once a day; its loader reports on it at the start and after a reload."""
        server = self._server
        if server.tls is None or monotonic() < self._certificate_due:
            return
        self._certificate_due = monotonic() + _DAY
        warning = server.tls.date_warning(server.now())
        if warning:
            self._tell(warning)

    def _check_for_future_ids(self, last_id: int) -> None:
        """Report that the date was wrong before: new messages are never dated before stored ones."""
        newest, now = time_of(last_id), self._server.now()
        if newest > now + _FUTURE:
            text = (
                f"The newest message is from {format_time(newest)}, but the clock says {format_time(now)}: until then,"
                " new messages get that time, in order. If the clock is right now, it was wrong before"
            )
            log.warning("%s", text)
            self._server.network.local.set_warning(_DATE, text)

    def _follow_disk(self, warning: str) -> None:
        """Report that the disk is nearly full, or ("") no longer."""
        network = self._server.network
        network.local.history_quota.only_accounts = bool(warning)
        network.local.set_warning(_DISK, warning)
        for session in network.sessions:
            session.room = min(session.room, 0)  # so that the limit is checked again before the next message
        self._tell(warning or _ROOM_AGAIN)

    def _tell(self, text: str) -> None:
        log.warning("%s", text)
        self._server.run_step(lambda ctx: tell_operators(ctx, text))
