"""Visibility: which users, memberships and addresses a user may see.

https://modern.ircdocs.horse/#invisible-user-mode and #secret-channel-mode.
"""

from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.rights import rights_of
from greenchat.chat.user import User
from greenchat.config.settings import Settings


def sees(viewer: User, user: User) -> bool:
    """Whether the viewer's queries show a user: invisible ones only if both share a channel."""
    return (
        "i" not in user.modes
        or user is viewer
        or "o" in viewer.modes
        or not user.channels.keys().isdisjoint(viewer.channels)
    )


def sees_in(viewer: User, user: User, channel: Channel) -> bool:
    """Whether the viewer may know that a user is in this channel."""
    if user is viewer:
        return True
    is_member = viewer in channel.members
    return channel.sees(viewer, user) and (is_member or ("s" not in channel.flags and "i" not in user.modes))


def sees_address(viewer: User, user: User, settings: Settings) -> bool:
    """Whether the viewer may see a user's real address: the viewer's own, or any with the operator right for it."""
    return user is viewer or sees_addresses(viewer, settings)


def sees_addresses(viewer: User, settings: Settings) -> bool:
    """Whether the viewer may see all real addresses."""
    return "addresses" in rights_of(viewer, settings)


def shown_host(network: Network, account: str, real_host: str) -> str:
    """Return the host to show for a user: the account's, see HostServ, or the cloak."""
    owner = network.accounts.get(account) if account else None
    return owner.vhost if owner is not None and owner.vhost else network.protection.cloaks.host(real_host)
