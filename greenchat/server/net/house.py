"""The parts of the server that a connection uses."""

from typing import Protocol

from greenchat.chat.network import Network
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.process import Process
from greenchat.config.options import Options
from greenchat.server.net.hangups import Hangups
from greenchat.server.net.plain import PlainClients
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.stream import TlsAcceptor
from greenchat.server.net.turn import Turn
from greenchat.server.net.workers import Threads


class House(Process, Protocol):
    """The server."""

    network: Network
    turn: Turn
    send_queues: SendQueues
    options: Options
    plain: PlainClients
    tls: TlsAcceptor | None
    threads: Threads
    hangups: Hangups

    def now(self) -> int:
        """Return ms since the epoch."""

    def carry_out(self, work: Background) -> None:
        """Run background work step by step, apart from any client; this returns at once."""
