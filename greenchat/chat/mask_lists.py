"""A channel's lists of masks: the users whom a ban, an exception or an invitation matches, and for how long.

A mask is `nick!user@host` with `*` and `?` (https://modern.ircdocs.horse/#ban-channel-mode), or an extended one
(https://modern.ircdocs.horse/#extban-parameter), announced as EXTBAN=,am and ACCOUNTEXTBAN=a:

    a:account users logged in to that account; `a:*` matches everybody who is logged in. Without a wildcard it matches
    the account that has the name when the mask is set, not a later account of the same name
    m:mask      a ban from speaking only, not from joining; the mask after it may be any kind
    ~...        before either of them: everybody whom it does not match
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from greenchat.chat.user import User
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.message import presentable
from greenchat.values.masks import glob

AKICK = "akick"
"""The letter of ChanServ's AKICK list, which is not a list mode: only users who manage the channel see it."""
ACCOUNT_EXTBAN = "a"
EXTBANS = "am"
MASK_BYTES = 150  # a longer mask would not fit into the lines that list it
_WILDCARDS = frozenset("*?")
_VERDICTS = 4096  # users whose result a list remembers


class MaskError(ValueError):
    """The text is not a valid mask; the message says why."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A parsed mask.

    text: the completed mask, as it is shown. mutes: whether it forbids only speaking. negated: whether it matches all
    others. pattern: of an account if `by_account`, else of nick!user@host. account_id: of the only account that it can
    match, "" if there is no such account; None if the pattern decides.
    """

    text: str
    pattern: str
    mutes: bool = False
    negated: bool = False
    by_account: bool = False
    account_id: str | None = None

    @property
    def names_account(self) -> bool:
        """Whether the mask names a single account."""
        return self.by_account and _WILDCARDS.isdisjoint(self.pattern)

    def bound(self, id_of: Callable[[str], str]) -> "Mask":
        """Return the mask, bound to the account that it names.

        id_of: returns the id of the account that has a name now.
        """
        return replace(self, account_id=id_of(self.pattern)) if self.names_account else self

    def means(self, user: User, fold: Casefold = str.lower) -> bool:
        """Whether the mask matches a user, by the shown host. fold: see `masks.mask_fold`.

        The real host counts only if the mask names it without a wildcard: its setter then knows the address already,
        while masks with wildcards could be used to find out an address piece by piece.
        """
        if self.account_id is not None:
            is_match = self.account_id != "" and user.account_id == self.account_id
        elif self.by_account:
            is_match = user.account != "" and glob(self.pattern, user.account, fold)
        else:
            head = f"{user.nick}!{user.username}@"
            hosts = [user.host, user.real_host] if self.pattern.lower().endswith("@" + user.real_host) else [user.host]
            is_match = any(glob(self.pattern, head + host, fold) for host in hosts)
        return is_match != self.negated


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A mask in a channel's list, with its setter and time, in ms since the epoch.

    until: when it expires, in ms since the epoch, 0 for never. reason: shown to the users that it matches.
    """

    mask: Mask
    setter: str
    time: int
    until: int = 0
    reason: str = ""

    def document(self) -> list[Any]:
        """Return all fields as a JSON value; an entry without end and reason is as version 0.1.0 wrote it."""
        more = [self.until, self.reason] if self.until or self.reason else []
        return [self.mask.text, self.setter, self.time, self.mask.account_id, *more]

    @classmethod
    def from_document(cls, stored: Sequence[Any]) -> "ListEntry":
        """Make an entry from `document`'s output. Raises ValueError."""
        text, setter, time, account_id, *more = stored
        return cls(replace(parse(text), account_id=account_id), setter, time, *more)


class MaskList:
    """The masks of one list mode, without duplicates, ignoring case. fold: see `masks.mask_fold`.

    Reads: iteration, len, find, means, next_end, over. Changes: add, remove.
    """

    __slots__ = ("_ends", "_entries", "_fold", "_verdicts")

    def __init__(self, fold: Casefold = str.lower) -> None:
        self._fold = fold
        self._ends: set[str] = set()  # the keys of those that expire
        self._entries: dict[str, ListEntry] = {}
        self._verdicts: dict[tuple[str, str, str, str, bool], bool] = {}

    def __iter__(self) -> Iterator[ListEntry]:
        """Return an iterator over the entries, in the order in which they were set."""
        return iter(self._entries.values())

    def __len__(self) -> int:
        """Return the number of masks."""
        return len(self._entries)

    def __contains__(self, mask: Mask) -> bool:
        """Whether exactly this mask is in the list, for the same account."""
        entry = self._entries.get(self._fold(mask.text))
        return entry is not None and entry.mask.account_id == mask.account_id

    def copy(self) -> "MaskList":
        """Return a copy with the same masks."""
        other = MaskList(self._fold)
        other._entries = self._entries.copy()
        other._ends = self._ends.copy()
        return other

    def add(self, entry: ListEntry) -> None:
        """Add a mask."""
        key = self._fold(entry.mask.text)
        self._entries[key] = entry
        (self._ends.add if entry.until else self._ends.discard)(key)
        self._verdicts.clear()

    def remove(self, mask: Mask) -> ListEntry | None:
        """Remove a mask; return its entry, or None."""
        key = self._fold(mask.text)
        self._verdicts.clear()
        self._ends.discard(key)
        return self._entries.pop(key, None)

    @property
    def next_end(self) -> int:
        """The time of the first expiry, in ms since the epoch; 0 if no mask expires."""
        return min((self._entries[key].until for key in self._ends), default=0) if self._ends else 0

    def over(self, now: int) -> list[ListEntry]:
        """Return the expired masks."""
        return [entry for key in sorted(self._ends) if (entry := self._entries[key]).until <= now]

    def find(self, user: User, *, speaking: bool = False) -> ListEntry | None:
        """Return the first entry that matches the user, see `means`."""
        for entry in self:
            if (speaking or not entry.mask.mutes) and entry.mask.means(user, self._fold):
                return entry
        return None

    def means(self, user: User, *, speaking: bool = False) -> bool:
        """Whether a mask matches the user; muting masks count only if `speaking`.

        The result is cached until the list or the user changes, so that a user in a channel with a hundred bans is not
        compared with all of them for every line.
        """
        if not self._entries:
            return False
        key = (user.source, user.real_host, user.account, user.account_id, speaking)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= _VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self.find(user, speaking=speaking) is not None
        return verdict


def parse(text: str) -> Mask:
    """Return the mask that a client typed. `nick` means `nick!*@*`, `user@host` means `*!user@host`.

    Raises MaskError.
    """
    prefix, rest = "", text
    mutes = negated = by_account = False
    while not by_account:
        inverts = rest[:1] == "~"
        kind = rest[inverts : inverts + 2]
        if kind not in ("m:", "a:"):
            break
        mutes |= kind == "m:"
        by_account = kind == "a:"
        negated ^= inverts
        prefix += rest[: inverts + 2]
        rest = rest[inverts + 2 :]
    if not rest:
        raise MaskError("The mask is empty")
    pattern = rest if by_account else _complete(rest)
    completed = prefix + pattern
    if presentable(completed) != completed or len(completed.encode()) > MASK_BYTES:
        raise MaskError(f"A mask can't contain spaces, begin with a colon, or have more than {MASK_BYTES} bytes")
    return Mask(completed, pattern, mutes, negated, by_account)


def _complete(mask: str) -> str:
    nick, bang, rest = mask.partition("!")
    if not bang and "@" in mask:
        nick, rest = "", mask
    user, _, host = rest.partition("@")
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"
