"""Ranks by the access list of a registered channel."""

from greenchat.chat.channel import Channel
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.protocol.modes import ModeChange, format_changes


def grant_rank(ctx: Context, user: User, channel: Channel) -> None:
    """Give a member the rank of the access list, and tell the channel."""
    give_rank(ctx, user, channel, rank_of(channel, user.account_id))


def give_rank(ctx: Context, user: User, channel: Channel, letter: str) -> None:
    """Give a member this rank, if missing, and tell the channel. letter: "" for none."""
    if letter and ctx.network.set_member_mode(user, channel, letter, True):
        params = format_changes([ModeChange(True, letter, user.nick)])
        ctx.broadcast(channel, ctx.envelope("MODE", channel.name, *params))
