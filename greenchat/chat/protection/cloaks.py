"""Cloaks: the hosts that others see instead of a client's address.

An address becomes three keyed hashes, of itself and of the two networks around it, and a suffix that no real host has:
`k3v2nq.u7c4ea.bd5xw2.cloaked`. So a ban on `*!*@*.u7c4ea.bd5xw2.cloaked` matches a /24, and one on
`*!*@*.bd5xw2.cloaked` a /16 (for IPv6 a /64 and a /48); which one, only somebody with the secret can tell. InspIRCd's
cloaks have the same form: https://docs.inspircd.org/4/modules/cloak_sha256/
"""

import hmac
from base64 import b32encode
from ipaddress import IPv4Address, IPv6Address

from greenchat.config.settings import CLOAK_LETTERS, Cloak
from greenchat.values import addresses

SECRET_SIZE = 32  # bytes
_WIDTHS = {4: (32, 24, 16), 6: (128, 64, 48)}  # bits of the prefixes that are hashed, by IP version
_KNOWN = 4096  # cached hosts and sources: a page of history often repeats them


class Cloaks:
    """Makes cloaks: always the same one for an address until the secret changes.

    Reads: host, source, secret. Changes: change_secret.
    """

    __slots__ = ("_known", "_secret", "_settings")

    def __init__(self, settings: Cloak) -> None:
        """Make cloaks without a secret."""
        self._settings = settings
        self._secret = b""
        self._known: dict[str, str] = {}

    def change_secret(self, secret: bytes) -> None:
        """Change the secret, and so all cloaks. secret: SECRET_SIZE random bytes."""
        self._secret = secret
        self._known.clear()

    @property
    def secret(self) -> bytes:
        """Return the secret of the cloaks."""
        return self._secret

    def host(self, host: str) -> str:
        """Return the cloak of an IP address; loopback addresses, and text that is no address, come back unchanged."""
        shown = self._known.get(host)
        return self._remember(host, self._make(host)) if shown is None else shown

    def source(self, source: str) -> str:
        """Return a stored nick!user@host with the host cloaked."""
        shown = self._known.get(source)
        if shown is None:
            head, at, host = source.rpartition("@")
            is_cloaked = host.endswith("." + self._settings.suffix)
            shown = self._remember(source, source if is_cloaked else head + at + self.host(host))
        return shown

    def _remember(self, text: str, shown: str) -> str:
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[text] = shown
        return shown

    def _make(self, host: str) -> str:
        if not self._settings.enabled:
            return host
        try:
            address = addresses.address(host)
        except ValueError:
            return host
        if address.is_loopback:
            return host
        return ".".join([*(self._part(address, width) for width in _WIDTHS[address.version]), self._settings.suffix])

    def _part(self, address: IPv4Address | IPv6Address, width: int) -> str:
        prefix = int(address) >> (address.max_prefixlen - width)
        digest = hmac.digest(self._secret, b"%d/%d %x" % (address.version, width, prefix), "sha256")
        return b32encode(digest)[:CLOAK_LETTERS].decode().lower()
