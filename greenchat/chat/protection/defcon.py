"""DEFCON: levels of restricted access during an attack, as on other servers.

Each level includes the restrictions of the levels above it. Connected users are not affected.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from greenchat.config.opers import Oper
from greenchat.values import addresses
from greenchat.values.addresses import IpNetwork
from greenchat.values.masks import glob

NORMAL = 5
NO_ACCOUNTS = 4
NO_CHANNELS = 3
ONLY_ACCOUNTS = 2
ONLY_OPERATORS = 1

MEANINGS = {
    NORMAL: "no restrictions",
    NO_ACCOUNTS: "no registrations of accounts",
    NO_CHANNELS: "no registrations of accounts and channels",
    ONLY_ACCOUNTS: "no registrations, and new users must log in to an account",
    ONLY_OPERATORS: "no registrations, and only this machine and the hosts of operators can connect",
}


@dataclass(frozen=True, slots=True)
class DefconGate:
    """Decides which clients may connect. level: one of MEANINGS. opers: of the settings. gateways: addresses."""

    level: int
    opers: Iterable[Oper]
    gateways: tuple[IpNetwork, ...]

    def objection(self, host: str) -> str:
        """Return the reason why this IP address may not connect; "" if it may.

        An operator entry that allows any host (`*@*`) exempts nobody, since it does not name operators' hosts.
        """
        if self.level > ONLY_OPERATORS or _is_local(host) or addresses.is_within(host, self.gateways):
            return ""
        masks = {mask.partition("@")[2] for oper in self.opers for mask in oper.hosts}
        if any(set(mask) - set("*?") and glob(mask, host) for mask in masks):
            return ""
        return "This server does not accept new connections at the moment: try again later"

    def objection_to_guest(self, host: str) -> str:
        """Return the reason why this IP address may not connect without an account; "" if it may."""
        if self.level > ONLY_ACCOUNTS or _is_local(host):
            return ""
        return "This server currently requires an account: log in with SASL"


def _is_local(host: str) -> bool:
    return addresses.address(host).is_loopback
