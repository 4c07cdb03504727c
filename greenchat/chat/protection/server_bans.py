"""Server bans: on addresses and networks, on accounts, and on masks nick!user@host.

Bans on addresses are found with one look-up for each prefix length in use, those on accounts with one, and masks by
iterating over them when a user connects, logs in or changes nick, never for a message.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from greenchat.protocol.casemap import Casefold
from greenchat.protocol.message import presentable
from greenchat.values import addresses
from greenchat.values.masks import MaskIndex, compile_mask

_LONGEST = 200  # bytes of a target: it must fit into a line with its reason
ADDRESS, ACCOUNT, MASK = "address", "account", "mask"


class TargetError(ValueError):
    """The text is not a valid target of a ban; the message says why."""


@dataclass(frozen=True, slots=True)
class BanTarget:
    """The target of a ban. kind: ADDRESS (also a network), ACCOUNT or MASK. text: its canonical form."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ServerBan:
    """A ban from the server. setter: the operator's nick. created, until: ms since the epoch; until 0 is for ever.

    account_id: of the banned account, so that the ban does not pass to the next account of that name.
    """

    target: BanTarget
    setter: str
    created: int
    until: int
    reason: str
    account_id: str = ""

    def holds(self, now: int) -> bool:
        """Whether the ban has not expired."""
        return not self.until or now < self.until

    @property
    def message(self) -> str:
        """Return the text for a banned client."""
        return f"You are banned from this server: {self.reason}"

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {
            "kind": self.target.kind,
            "target": self.target.text,
            "setter": self.setter,
            "created": self.created,
            "until": self.until,
            "reason": self.reason,
            "account_id": self.account_id,
        }

    @classmethod
    def from_document(cls, stored: Mapping[str, Any]) -> "ServerBan":
        """Make a ban from `document`'s output."""
        target = BanTarget(stored["kind"], stored["target"])
        bound_to = stored.get("account_id", "")
        return cls(target, stored["setter"], stored["created"], stored["until"], stored["reason"], bound_to)


def parse_target(text: str) -> BanTarget:
    """Parse an operator's target: `192.0.2.1`, `192.0.2.0/24`, `nick!user@host`, `*.example.org`, or an account.

    A mask `*@192.0.2.1` without wildcards in a host that is an address is a ban on that address. Raises TargetError.
    """
    if text.startswith("::"):
        text = "0" + text
    if not text or presentable(text) != text or len(text.encode()) > _LONGEST:
        raise TargetError("Ban an address, a network, a mask nick!user@host or an account, without spaces")
    network = _network(text)
    if network:
        return BanTarget(ADDRESS, network)
    if "/" in text and "@" not in text:
        raise TargetError(f"{text} is not a network: write 192.0.2.0/24 or 2001:db8::/32")
    if "!" in text or "@" in text:
        return _mask(text)
    if text[:2] == "a:" and len(text) > 2:  # as in channel lists
        return BanTarget(ACCOUNT, text[2:])
    if any(letter in text for letter in "*?."):
        return BanTarget(MASK, f"*!*@{text}")
    return BanTarget(ACCOUNT, text)


def _mask(text: str) -> BanTarget:
    nick, bang, rest = text.partition("!")
    if not bang:
        nick, rest = "*", text
    username, at, host = rest.partition("@")
    if not at:
        username, host = rest or "*", "*"
    nick, username, host = nick or "*", username or "*", host or "*"
    network = _network(host)
    if network and not set(nick + username) - {"*"}:
        return BanTarget(ADDRESS, network)
    return BanTarget(MASK, f"{nick}!{username}@{host}")


def _network(text: str) -> str:
    """Return the canonical form of a network or an address, "" if it is neither."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    mapped = network.network_address.ipv4_mapped if network.version == 6 else None
    if mapped and network.prefixlen >= 96:
        network = ip_network((mapped, network.prefixlen - 96))
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


class ServerBans:
    """All bans from the server. fold: of account names; mask_fold: see `masks.mask_fold`.

    Reads: iteration, len, get, of_address, of_account, of_masks, is_any_over. Changes: put, drop, expire, shift.
    """

    __slots__ = ("_accounts", "_bans", "_fold", "_index", "_mask_fold", "_masks", "_networks")

    def __init__(self, fold: Casefold, mask_fold: Casefold) -> None:
        self._fold = fold
        self._mask_fold = mask_fold
        self._bans: dict[str, ServerBan] = {}
        self._masks: dict[str, ServerBan] = {}
        self._index = MaskIndex()
        self._accounts: dict[str, ServerBan] = {}  # by id
        # (version, length of the prefix) -> the prefix as a number -> ban
        self._networks: dict[tuple[int, int], dict[int, ServerBan]] = {}

    def __iter__(self) -> Iterator[ServerBan]:
        """Return an iterator over the bans, in the order in which they were set."""
        return iter(self._bans.values())

    def __len__(self) -> int:
        """Return the number of bans."""
        return len(self._bans)

    def key(self, target: BanTarget) -> str:
        """Return the key of a ban: the same for all spellings of its target."""
        fold: Callable[[str], str] = self._fold if target.kind == ACCOUNT else self._mask_fold
        return f"{target.kind} {fold(target.text)}"

    def get(self, target: BanTarget) -> ServerBan | None:
        """Return the ban on exactly this target."""
        return self._bans.get(self.key(target))

    def of_address(self, host: str, now: int) -> ServerBan | None:
        """Return the narrowest ban that covers an IP address; None also if the host is not an address."""
        if not self._networks:
            return None
        try:
            address = addresses.address(host)
        except ValueError:
            return None
        number, size = int(address), address.max_prefixlen
        for version, length in sorted(self._networks, reverse=True):
            if version == address.version:
                ban = self._networks[version, length].get(number >> (size - length))
                if ban and ban.holds(now):
                    return ban
        return None

    def of_account(self, account_id: str, now: int) -> ServerBan | None:
        """Return the ban on the account with this id; "" is none."""
        ban = self._accounts.get(account_id) if account_id else None
        return ban if ban and ban.holds(now) else None

    def of_masks(self, nick: str, username: str, hosts: tuple[str, ...], now: int) -> ServerBan | None:
        """Return the oldest ban whose mask matches nick!username at one of these hosts."""
        if not self._masks:
            return None
        fold, matching = self._mask_fold, []
        for text in [fold(f"{nick}!{username}@{host}") for host in hosts]:
            for key in self._index.candidates(text):
                ban = self._masks[key]
                if ban.holds(now) and compile_mask(fold(ban.target.text)).match(text):
                    matching.append(ban)
                    break
        return min(matching, key=lambda ban: ban.created, default=None)

    def alone(self, ban: ServerBan) -> "ServerBans":
        """Return a collection with only this ban."""
        bans = ServerBans(self._fold, self._mask_fold)
        bans.put(ban)
        return bans

    def put(self, ban: ServerBan) -> None:
        """Add a ban, or replace the one on the same target."""
        self.drop(ban.target)
        key = self.key(ban.target)
        self._bans[key] = ban
        if ban.target.kind == MASK:
            self._masks[key] = ban
            self._index.add(key, self._mask_fold(ban.target.text))
        elif ban.target.kind == ACCOUNT:
            self._accounts[ban.account_id] = ban
        elif ban.target.kind == ADDRESS:
            kind, prefix = _prefix(ban.target.text)
            self._networks.setdefault(kind, {})[prefix] = ban

    def drop(self, target: BanTarget) -> ServerBan | None:
        """Remove a ban and return it."""
        key = self.key(target)
        ban = self._bans.pop(key, None)
        self._masks.pop(key, None)
        self._index.remove(key)
        if ban is not None:
            self._accounts.pop(ban.account_id, None)
        if ban is not None and target.kind == ADDRESS:
            kind, prefix = _prefix(ban.target.text)
            del self._networks[kind][prefix]
            if not self._networks[kind]:
                del self._networks[kind]
        return ban

    def is_any_over(self, now: int) -> bool:
        """Whether `expire` would find any."""
        return any(not ban.holds(now) for ban in self)

    def expire(self, now: int) -> list[ServerBan]:
        """Remove the expired bans and return them."""
        over = [ban for ban in self if not ban.holds(now)]
        for ban in over:
            self.drop(ban.target)
        return over

    def shift(self, by: int, *, before: int) -> list[ServerBan]:
        """Move the temporary bans by a jump of the clock, in ms, and return them.

        before: the time just before the jump. Bans set after it were set while the clock was right already.
        """
        moved = [ban for ban in self if ban.until and ban.created <= before]
        moved = [replace(ban, created=ban.created + by, until=ban.until + by) for ban in moved]
        for ban in moved:
            self.put(ban)
        return moved


def _prefix(text: str) -> tuple[tuple[int, int], int]:
    network = ip_network(text)
    length = network.prefixlen
    return (network.version, length), int(network.network_address) >> (network.max_prefixlen - length)
