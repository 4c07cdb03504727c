"""Rows of HTTP that the configuration can switch on: metrics, files, logins at a provider.

Each needs one or two packages that the server does not need otherwise.
"""

from typing import Protocol

from greenchat import extras
from greenchat.config.file import ConfigError
from greenchat.config.settings import Settings
from greenchat.server.files.pictures import can_clean
from greenchat.server.http import files
from greenchat.server.http.service import HttpClientsParts, HttpService
from greenchat.server.net.turn import Turn


class OptionalRoutesServerParts(files.FilesServerParts, Protocol):
    """The parts of the server that extras use."""

    http: HttpService
    turn: Turn

    @property
    def clients(self) -> HttpClientsParts:
        """All clients."""

    @property
    def waiting_events(self) -> int:
        """Return how many events wait for the search index."""


def add_optional_routes(server: OptionalRoutesServerParts, settings: Settings) -> files.FilePages | None:
    """Add the routes of extras; return the pages of files, if enabled. Raises ConfigError if a package is missing.

    settings: of the configuration; those in the state of nodes may be older.
    """
    if server.options.metrics.enabled:
        try:  # late: it is an extra
            from greenchat.server.http.metrics import MetricsPage
        except ImportError as error:
            raise ConfigError(f"metrics need one more package: {extras.install(extras.METRICS)}") from error
        server.turn.meter = server.clients.meter
        MetricsPage(server, lambda: server.options.metrics).add_to(server.http.routes)
    if settings.providers.oidc.issuer:
        try:  # late: it is an extra
            from greenchat.server.http.oidc import OidcPages
        except ImportError as error:
            raise ConfigError(f"[oidc] needs more packages: {extras.install(extras.OIDC)}") from error
        logins = OidcPages(server.network)
        logins.add_to(server.http.routes)
        server.http.closers.append(logins.close)
    if not settings.files.enabled:
        return None
    if not can_clean():
        raise ConfigError(f"files need one more package: {extras.install(extras.FILES)}")
    pages = files.FilePages(server)
    pages.add_to(server.http.routes)
    server.http.closers.append(pages.close)
    return pages
