"""The cached NAMES lines of a channel, one set for each combination of capabilities.

`Network` calls `add`, `remove` and `refresh` when members join, leave and change, so that a reply need not iterate over
them.
"""

from collections.abc import Iterable

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.config.settings import Settings
from greenchat.protocol.caps import MULTI_PREFIX, USERHOST_IN_NAMES
from greenchat.protocol.envelopes.names_reply import NamesLines

VARIANT = MULTI_PREFIX | USERHOST_IN_NAMES  # the capabilities that change a line
_KEPT_FROM = 50  # members; smaller channels need no cache


def lines(settings: Settings, channel: Channel, variant: int) -> NamesLines:
    """Return the names of everybody in a channel, as members see them. variant: bits of VARIANT."""
    cached = channel.names.get(variant)
    if cached is None or cached.nick_bytes != settings.nick_bytes:
        cached = lines_of(settings, channel, variant, channel.members)
        if len(channel.members) >= _KEPT_FROM:
            channel.names[variant] = cached
    return cached


def lines_of(settings: Settings, channel: Channel, variant: int, members: Iterable[User]) -> NamesLines:
    """Return the names of some of a channel's members."""
    made = NamesLines(settings.name, channel.name, nick_bytes=settings.nick_bytes)
    for member in members:
        made.add(member, _name(settings, channel, variant, member))
    return made


def add(settings: Settings, channel: Channel, user: User) -> None:
    """Add a new member to the cached names."""
    for variant, cached in channel.names.items():
        cached.add(user, _name(settings, channel, variant, user))


def remove(channel: Channel, user: User) -> None:
    """Remove a former member from the cached names."""
    for cached in channel.names.values():
        cached.remove(user)


def refresh(settings: Settings, channel: Channel, user: User) -> None:
    """Refresh a member whose modes, nick, username or host changed."""
    for variant, cached in channel.names.items():
        cached.replace(user, _name(settings, channel, variant, user))


def _name(settings: Settings, channel: Channel, variant: int, user: User) -> str:
    modes = channel.members[user]
    symbols = settings.mode_table.symbols_of(modes) if modes else ""
    shown = symbols if variant & MULTI_PREFIX else symbols[:1]
    return shown + (user.source if variant & USERHOST_IN_NAMES else user.nick)
