"""Changes of a channel's modes that nobody in it makes: a service, or time."""

from collections.abc import Sequence

from greenchat.chat.channel import Channel
from greenchat.commands.core.context import Context
from greenchat.protocol.modes import ModeChange, lines_of_changes
from greenchat.protocol.wrap import room


def show_changes(ctx: Context, channel: Channel, changes: Sequence[ModeChange]) -> None:
    """Send changes that were made to everybody in the channel, from the server."""
    ctx.network.closures.follow(ctx.network.fold(channel.name), channel, ctx.new_id())
    name = ctx.network.settings.name
    for params in lines_of_changes(changes, room(name, "MODE", channel.name)):
        ctx.broadcast(channel, ctx.envelope("MODE", channel.name, *params))
