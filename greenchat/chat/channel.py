"""A channel: its name, its topic, its modes and who is in it."""

from dataclasses import dataclass, field

from .group import BroadcastGroup
from .user import User


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, who set it (nick or nick!user@host) and when, in ms since the epoch."""

    text: str
    setter: str
    time: int


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A mask in a channel's list, who put it there and when, in ms since the epoch."""

    mask: str
    setter: str
    time: int


@dataclass(slots=True, eq=False)
class Channel:
    """A channel. `Network` alone changes `members` and `group`.

    created: ms since the epoch. flags: letters of the modes without a parameter. members: user -> letters of their
    member modes ("o", "v", "ov", ""), in the order of joining. lists: letter of a list mode -> mask -> entry.
    invited: who may come in once, whatever the modes say.
    """

    name: str
    created: int
    flags: set[str] = field(default_factory=set)
    topic: Topic | None = None
    key: str = ""
    limit: int = 0
    members: dict[User, str] = field(default_factory=dict)
    lists: dict[str, dict[str, ListEntry]] = field(default_factory=dict)
    invited: set[User] = field(default_factory=set)
    group: BroadcastGroup = field(default_factory=BroadcastGroup)

    def is_visible_to(self, user: User) -> bool:
        """A secret channel shows itself to its members only: https://modern.ircdocs.horse/#secret-channel-mode."""
        return "s" not in self.flags or user in self.members
