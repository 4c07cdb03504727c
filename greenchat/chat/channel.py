"""A channel: its name, topic, modes and members."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from greenchat.chat import ranks
from greenchat.chat.broadcast import BroadcastGroup
from greenchat.chat.mask_lists import ListEntry, Mask, MaskList
from greenchat.chat.rate_limits import RateLimit, RecentTimes
from greenchat.chat.user import User
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.envelopes.names_reply import NamesLines


@dataclass(frozen=True, slots=True)
class ChannelRegistration:
    """The registration of a channel: its founder, and settings beside its modes.

    founder: an account's id, "" for none. registered: ms since the epoch. access: id -> letter of a mode. successor:
    the id of the account that gets it when the founder's ends. entry_message: for everybody who joins.
    """

    founder: str
    registered: int
    access: Mapping[str, str] = field(default_factory=dict)
    successor: str = ""
    entry_message: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; setter: nick or nick!user@host; time: in ms since the epoch."""

    text: str
    setter: str
    time: int


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """The settings of a channel's operators at one moment: see `Channel.operator_settings`."""

    flags: frozenset[str]
    topic: Topic | None
    key: str
    limit: int
    forward: str
    forward_life: int
    lists: Mapping[str, MaskList]
    metadata: dict[str, str]
    rate_limits: Mapping[str, RateLimit]


@dataclass(slots=True, eq=False)
class Channel:
    """A channel. `Network` alone changes its name, `members`, `invited`, `registration`, `group` and `names`.

    created: ms since the epoch. life: the msgid of its creation, never used again. flags: letters of the modes without
    a parameter. members: user -> letters of their member modes, highest first (see `ranks`), in the order of joining.
    lists: letter of a list mode -> its masks. forward: the channel for users who can't join, and
    forward_life the life of it that is meant (0 in what version 0.1.0 stored). invited: users who may
    join once, whatever the modes say. knocked: the time of the last KNOCK, in ms since the epoch. registration: None
    for an unregistered channel. metadata: set by its operators. names: cached lines for NAMES, by variant.
    rate_limits: letter of a rate-limiting mode -> its limit; recent: recent lines of a member, or (None) recent
    joins. mask_fold: see `masks.mask_fold`. revision: changes whenever its name, its flags or its lists have changed.
    is_kept: whether it is stored without being registered, for an always-on member.
    """

    name: str
    created: int
    life: int = 0
    flags: set[str] = field(default_factory=set)
    topic: Topic | None = None
    key: str = ""
    limit: int = 0
    forward: str = ""
    forward_life: int = 0
    members: dict[User, str] = field(default_factory=dict)
    lists: dict[str, MaskList] = field(default_factory=dict)
    invited: dict[User, None] = field(default_factory=dict)
    knocked: int = 0
    registration: ChannelRegistration | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    group: BroadcastGroup = field(default_factory=BroadcastGroup)
    names: dict[int, NamesLines] = field(default_factory=dict)
    mask_fold: Casefold = str.lower
    revision: int = 0
    is_kept: bool = False
    rate_limits: dict[str, RateLimit] = field(default_factory=dict)
    recent: dict[User | None, RecentTimes] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """The channel's symbol in replies to NAMES: https://modern.ircdocs.horse/#rplnamreply-353."""
        if "s" in self.flags:
            return "@"
        return "*" if "p" in self.flags else "="

    def is_visible_to(self, user: User) -> bool:
        """Whether a user may see the channel: only members see a secret one.

        https://modern.ircdocs.horse/#secret-channel-mode
        """
        return "s" not in self.flags or user in self.members

    def is_listed_to(self, user: User) -> bool:
        """Whether a list may name it: a secret or a private channel only to its members. RFC 2811, 4.2.6"""
        return self.flags.isdisjoint("sp") or user in self.members

    def is_at_least(self, user: User, letter: str) -> bool:
        """Whether a user has this rank here or a higher one."""
        return ranks.is_at_least(self.members.get(user, ""), letter)

    def ranked(self, letter: str) -> Iterator[User]:
        """Yield the members with this rank or a higher one, after sending them all joins held back."""
        self.group.release()
        for member, modes in self.members.items():
            if modes and ranks.is_at_least(modes, letter):
                yield member

    def shows(self, member: User) -> bool:
        """Whether all members are shown this one: in an auditorium (+u) only if they have a rank."""
        return "u" not in self.flags or self.members.get(member, "") != ""

    def sees(self, viewer: User, member: User) -> bool:
        """Whether somebody is shown a member: in an auditorium half-operators and above see everybody."""
        return self.shows(member) or viewer is member or self.is_at_least(viewer, "h")

    def witnesses(self, member: User) -> Iterator[User]:
        """Yield the members of this channel who see what a member of it does, the member included.

        They have been told of all joins first.
        """
        self.group.release()
        if self.shows(member):
            yield from self.members
            return
        yield from self.ranked("h")
        if member in self.members:
            yield member

    def mask_list(self, letter: str) -> MaskList:
        """Return the masks of a list mode."""
        return self.lists.setdefault(letter, MaskList(self.mask_fold))

    @property
    def next_end(self) -> int:
        """The time of the first expiry in any list, in ms since the epoch; 0 if no mask expires."""
        ends = [end for masks in self.lists.values() if (end := masks.next_end)] if self.lists else []
        return min(ends, default=0)

    def operator_settings(self) -> OperatorSettings:
        """Return the settings made by its operators, for `restore_operator_settings`."""
        lists = {letter: masks.copy() for letter, masks in self.lists.items()}
        rate_limits = dict(self.rate_limits)
        forward = self.forward, self.forward_life
        return OperatorSettings(
            frozenset(self.flags), self.topic, self.key, self.limit, *forward, lists, self.metadata, rate_limits
        )

    def restore_operator_settings(self, settings: OperatorSettings) -> None:
        """Restore all settings that its operators can make."""
        self.flags = set(settings.flags)
        self.topic = settings.topic
        self.key = settings.key
        self.limit = settings.limit
        self.forward, self.forward_life = settings.forward, settings.forward_life
        self.lists = dict(settings.lists)
        self.metadata = settings.metadata
        self.rate_limits = dict(settings.rate_limits)

    def set_flag(self, letter: str, on: bool) -> bool:
        """Set or unset a mode without a parameter; return whether that changed anything."""
        if on == (letter in self.flags):
            return False
        (self.flags.add if on else self.flags.discard)(letter)
        self.revision += 1
        return True

    def add_mask(self, letter: str, entry: ListEntry) -> None:
        """Add a mask to a list."""
        self.mask_list(letter).add(entry)
        self.revision += 1

    def remove_mask(self, letter: str, mask: Mask) -> ListEntry | None:
        """Remove a mask from a list; return its entry, or None."""
        self.revision += 1
        return self.mask_list(letter).remove(mask)


def forwarding_to(channel: Channel, channels: Iterable[Channel], fold: Casefold) -> list[Channel]:
    """Return those of `channels` whose forward means this channel."""
    name = fold(channel.name)
    # the name, too: two channels that version 0.1.0 has stored may have the same life
    return [each for each in channels if each.forward_life == channel.life and fold(each.forward) == name]
