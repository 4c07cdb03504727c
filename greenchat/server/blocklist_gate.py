"""Refuses or marks clients whose address is on a DNS blocklist: see `[dnsbl]` of the configuration."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

import gevent

from greenchat.chat.user import Session
from greenchat.commands.core.audit_log import tell_operators
from greenchat.commands.core.context import Context
from greenchat.config.options import Options
from greenchat.server.net.blocklists import Blocklists, Listing
from greenchat.server.net.connection import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")


class BlocklistServerParts(Protocol):
    """The parts of the server that this uses."""

    options: Options

    def run_step(self, step: Callable[[Context], T]) -> T:
        """Run something as the server itself, in a turn, and return what it returns."""


class BlocklistGate:
    """Admits clients by the blocklist entries of their addresses."""

    def __init__(self, server: BlocklistServerParts, connections: Iterable[Connection]) -> None:
        """Make the gate. connections: all present ones. Raises ConfigError if the DNS package is missing."""
        self._server = server
        self._connections = connections
        self._lists = Blocklists(lambda: server.options.dnsbl, lambda: server.options.connections.exempt)

    def look_up(self, host: str) -> Listing | None:
        """Return the listing of an IP address, None if it has none, and tell operators. Waits for the answer."""
        listing = self._lists.look_up(host)
        if listing:
            action = self._server.options.dnsbl.action
            log.info("%s is listed by %s: %s", host, listing.zone, listing.text or "no reason given")
            text = f"DNSBL: {host} is listed by {listing.zone} ({action})"
            self._server.run_step(lambda ctx: tell_operators(ctx, text))
        return listing

    def refuses(self, listing: Listing | None) -> bool:
        """Whether clients from a listed address are refused."""
        return listing is not None and self._server.options.dnsbl.action == "refuse"

    def mark(self, session: Session, listing: Listing | None) -> None:
        """Require an account of a session from a listed address, if the options say so."""
        if listing and self._server.options.dnsbl.action == "login":
            session.registration.listed = listing.reason

    def look_up_later(self, session: Session, host: str) -> None:
        """Look up the address that a gateway reports, while the session registers: a command can't wait for it."""
        if self._server.options.dnsbl.zones:
            gevent.spawn(self._look_up_later, session, host)

    def close(self) -> None:
        """Stop the threads."""
        self._lists.close()

    def _look_up_later(self, session: Session, host: str) -> None:
        listing = self.look_up(host)
        self.mark(session, listing)
        is_guest = bool(session.registration.listed and session.user and not session.user.account)
        if listing is None or not (is_guest or self.refuses(listing)):
            return
        for connection in [connection for connection in self._connections if connection.session is session]:
            connection.close(listing.reason)
