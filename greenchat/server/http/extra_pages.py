"""Rows of HTTP that are there only if the configuration wants them: metrics and files. Each needs one more package."""

from typing import Protocol

from greenchat import extras
from greenchat.config.file import ConfigError
from greenchat.server.files.pictures import can_clean
from greenchat.server.http import files
from greenchat.server.http.service import HttpService
from greenchat.server.net.connection import Connection
from greenchat.server.net.meter import Meter
from greenchat.server.net.sendq import SendQueues
from greenchat.server.net.turn import Turn


class Server(files.Server, Protocol):
    """The parts of the server that extras use."""

    http: HttpService
    turn: Turn
    meter: Meter
    send_queues: SendQueues
    connections: dict[Connection, None]


def serve_extras(server: Server) -> files.FilePages | None:
    """Add their rows; the pages of files, if there are any. Raises ConfigError where a package is missing."""
    if server.options.metrics.enabled:
        try:  # late: it is an extra
            from greenchat.server.http.metrics import MetricsPage
        except ImportError as error:
            raise ConfigError(f"metrics need one more package: {extras.install(extras.METRICS)}") from error
        server.turn.meter = server.meter
        MetricsPage(server, lambda: server.options.metrics).add_to(server.http.routes)
    if not server.network.settings.files.enabled:
        return None
    if not can_clean():
        raise ConfigError(f"files need one more package: {extras.install(extras.FILES)}")
    pages = files.FilePages(server)
    pages.start()
    pages.add_to(server.http.routes)
    return pages
