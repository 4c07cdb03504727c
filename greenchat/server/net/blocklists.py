"""Looks up client addresses on DNS blocklists.

Sources: RFC 5782 (DNS Blacklists and Whitelists), sections 2.1, 2.3 and 2.4: the octets of an IPv4 address, or the
nibbles of an IPv6 address, are reversed and put before the name of the zone; an address that is listed has an A record
there, and may have a TXT record that says why.

If a list does not answer in time the client is admitted: a chat must not depend on another's name server.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import IPv4Address
from time import monotonic
from typing import Protocol

from greenchat import extras
from greenchat.config.blocklists import BlocklistOptions, Zone
from greenchat.config.file import ConfigError
from greenchat.config.options import Address
from greenchat.server.thread_pool import Pool
from greenchat.values.addresses import IpNetwork, address, is_within

log = logging.getLogger(__name__)

_THREADS = 8
_MOST_WAITING = 64  # simultaneous look-ups; further clients are admitted without one
_MOST_REMEMBERED = 20_000
_DNS_PORT = 53
_ERRORS = "127.255.255."  # the beginning of answers that report errors: https://www.spamhaus.org/news/article/788/


@dataclass(frozen=True, slots=True)
class Listing:
    """An address that is on a list. text: what the list says of it, "" if nothing."""

    host: str
    zone: str
    text: str = ""

    @property
    def reason(self) -> str:
        """The reason in one line, for the person who connects from the address."""
        return f"Your address {self.host} is listed by {self.zone}" + (f" ({self.text})" if self.text else "")


class AskDns(Protocol):
    """Asks the DNS, for at most so many seconds. Returns the A records, or with `txt` the TXT records."""

    def __call__(self, name: str, *, txt: bool = False) -> list[str]: ...


class Blocklists:
    """Looks addresses up, and remembers the answers for a while."""

    def __init__(self, options: Callable[[], BlocklistOptions], exempt: Callable[[], tuple[IpNetwork, ...]]) -> None:
        """Make the client. exempt: addresses that are never looked up.

        Raises ConfigError if the package is missing.
        """
        self._options = options
        self._exempt = exempt
        self._threads: Pool | None = None
        self._waiting = 0
        self._known: dict[str, tuple[float, Listing | None]] = {}
        if options().zones:
            require_package()

    def look_up(self, host: str) -> Listing | None:
        """Return the listing of an IP address, None if it has none. Waits for the answer."""
        options = self._options()
        ip = address(host)
        if not (options.zones and ip.is_global) or is_within(host, self._exempt()):
            return None
        known = self._known.get(host)
        if known and monotonic() < known[0]:
            return known[1]
        if self._waiting >= _MOST_WAITING:
            log.warning("the DNS blocklists were not asked about %s: too many queries are pending", host)
            return None
        self._waiting += 1
        try:
            listing: Listing | None = self._pool().apply(_look_up, (host, options))
        finally:
            self._waiting -= 1
        self._remember(host, listing, options.remember)
        return listing

    def close(self) -> None:
        """Stop the threads."""
        if self._threads is not None:
            self._threads.kill()

    def _pool(self) -> Pool:
        if self._threads is None:
            self._threads = Pool(_THREADS)
        return self._threads

    def _remember(self, host: str, listing: Listing | None, seconds: float) -> None:
        now = monotonic()
        if len(self._known) >= _MOST_REMEMBERED:
            self._known = {host: known for host, known in self._known.items() if known[0] > now}
        if len(self._known) < _MOST_REMEMBERED:
            self._known[host] = (now + seconds, listing)


def require_package() -> None:
    """Raise ConfigError if the package that asks the DNS is not installed."""
    if find_spec("dns") is None:
        raise ConfigError(f"DNS blocklists need one more package: {extras.install(extras.DNSBL)}")


def query_name(host: str, zone: str) -> str:
    """Return the name to query for an IP address (RFC 5782, sections 2.1 and 2.4)."""
    ip = address(host)
    if isinstance(ip, IPv4Address):
        parts = str(ip).split(".")
    else:
        parts = list(ip.exploded.replace(":", ""))
    return ".".join([*reversed(parts), zone])


def _look_up(host: str, options: BlocklistOptions) -> Listing | None:
    """Look an address up, in a thread: it waits for the DNS."""
    ask = _asking(options)
    for zone in options.zones:
        name = query_name(host, zone.name)
        if any(_counts(answer, zone) for answer in ask(name)):
            text = " ".join(ask(name, txt=True))
            return Listing(host, zone.name, "".join(each for each in text if each.isprintable())[:200])
    return None


def _counts(answer: str, zone: Zone) -> bool:
    # "The contents of the A record MUST NOT be used as an IP address ... DNSxLs ... [use] 127.0.0.0/8": what is outside
    # of it comes from a name server that answers every query
    if answer.startswith(_ERRORS) and answer not in zone.answers:
        log.warning("the DNS blocklist %s refuses our queries: %s", zone.name, answer)
        return False
    return answer in zone.answers if zone.answers else answer.startswith("127.")


def _asking(options: BlocklistOptions) -> AskDns:
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=not options.resolver)
    if options.resolver:
        text = options.resolver
        server = Address.parse(text) if text.rpartition(":")[2].isdigit() and "." in text else Address(text, _DNS_PORT)
        resolver.nameservers = [server.host]
        resolver.port = server.port
    deadline = monotonic() + options.timeout

    def ask(name: str, *, txt: bool = False) -> list[str]:
        left = deadline - monotonic()
        if left <= 0:
            return []
        try:
            answer = resolver.resolve(name, "TXT" if txt else "A", lifetime=left, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []  # the address is not listed, or has no text
        except (dns.exception.DNSException, OSError) as error:
            log.warning("the DNS blocklist did not answer for %s: %s", name, error)
            return []
        return [row.to_text().strip('"') for row in answer]

    return ask
