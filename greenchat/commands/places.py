"""Where a client wants to read: a channel or a conversation with somebody, and whether it may."""

from dataclasses import dataclass

from ..chat.channel import Channel
from ..chat.user import User
from ..storage.interface import direct_key, members_of
from .context import Context
from .keeping import identity


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation as its reader names it. key: of the conversation in the store."""

    name: str
    key: str


def readable_place(ctx: Context, target: str) -> Place | None:
    """The conversation that a client names; None where it may not read, or there can't be one.

    A channel is read by its members. A nickname stands for whoever has it now, else for the account of that name.
    """
    network = ctx.network
    if target.startswith("#"):
        channel = network.channel(target)
        if channel is None or ctx.user not in channel.members:
            return None
        return channel_place(ctx, channel)
    if not target or " " in target:
        return None
    other = network.user(target)
    if other is not None:
        return Place(other.nick, direct_key(identity(network, ctx.user), identity(network, other)))
    return Place(target, direct_key(identity(network, ctx.user), network.fold(target)))


def channel_place(ctx: Context, channel: Channel) -> Place:
    """A channel as a place to read."""
    return Place(channel.name, ctx.network.fold(channel.name))


def other_side(ctx: Context, user: User, conversation: str) -> str:
    """The identity on the other side of one of a user's direct conversations; their own, if they talk to themselves."""
    one, other = members_of(conversation)
    return other if one == identity(ctx.network, user) else one
