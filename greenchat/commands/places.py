"""Where a client wants to read: a channel or a conversation with somebody, and whether it may."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..chat.channel import Channel
from ..chat.names import CHANNEL_BYTES
from ..chat.user import User
from ..protocol.msgid import parse_msgid
from ..storage.interface import StoredEvent, direct_key, members_of
from .context import Context
from .keeping import identity


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation as its reader names it. key: of the conversation in the store. since: the first id to read."""

    name: str
    key: str
    since: int = 0

    @property
    def is_channel(self) -> bool:
        """Whether it is no conversation of two."""
        return self.name.startswith("#")


def readable_place(ctx: Context, target: str) -> Place | None:
    """The conversation that a client names; None where it may not read, or there can't be one.

    A channel is read by its members. A nickname stands for whoever has it now, else for the account of that name.
    """
    network = ctx.network
    if target.startswith("#"):
        channel = network.channel(target)
        if channel is None or ctx.user not in channel.members:
            return None
        return channel_place(ctx, channel, ctx.user)
    if not target or " " in target or len(target.encode()) > CHANNEL_BYTES:
        return None  # no nickname and no account is called that
    other = network.user(target)
    if other is not None:
        return Place(other.nick, direct_key(identity(network, ctx.user), identity(network, other)))
    return Place(target, direct_key(identity(network, ctx.user), network.fold(target)))


def channel_place(ctx: Context, channel: Channel, reader: User) -> Place:
    """A channel as a place to read; with the mode +H nobody reads what was said before they came."""
    folded = ctx.network.fold(channel.name)
    since = (parse_msgid(reader.channels.get(folded, "")) or 0) if "H" in channel.flags else 0
    return Place(channel.name, folded, since)


def may_read(ctx: Context, event: StoredEvent) -> bool:
    """Whether the sender may read an event of one of their conversations, as things are now."""
    if not event.conversation.startswith("#"):
        return True
    channel = ctx.network.channels.get(event.conversation)
    if channel is None or ctx.user not in channel.members:
        return False
    return event.id >= channel_place(ctx, channel, ctx.user).since


def nicks_by_identity(ctx: Context) -> dict[str, str]:
    """Everybody who is here."""
    return {identity(ctx.network, user): user.nick for user in ctx.network.users.values()}


def name_of(ctx: Context, conversation: str, latest: StoredEvent | None, nicks: Mapping[str, str]) -> str:
    """What to call a conversation to its reader; "" for one no longer theirs.

    That is the channel, or the other's nickname, and for one who is not here the one that they had. latest: the last
    event in it.
    """
    network = ctx.network
    if conversation.startswith("#"):
        channel = network.channels.get(conversation)
        return channel.name if channel and ctx.user in channel.members else ""
    one, other = members_of(conversation)
    if other == identity(network, ctx.user):
        other = one
    if other in nicks or latest is None:
        return nicks.get(other, "")
    speaker = latest.source.partition("!")[0]
    is_theirs = network.fold(latest.account) == other if latest.account else speaker != ctx.user.nick
    return speaker if is_theirs else latest.params[0]
