"""The parts of the server that a connection uses."""

from typing import Protocol

from greenchat.chat.network import Network
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.process import Process
from greenchat.config.options import Options
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.turn import Turn
from greenchat.server.net.workers import Threads


class ServerParts(Process, Protocol):
    """The parts of the server that a connection uses; see also `connection.ConnectionServerParts`."""

    network: Network
    turn: Turn
    options: Options
    tls: TlsAcceptor | None
    threads: Threads

    @property
    def is_ending(self) -> bool:
        """Whether the server is stopping."""

    def now(self) -> int:
        """Return ms since the epoch."""

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""
