"""Mode changes by the server: of a service, or by expiry."""

from collections.abc import Sequence

from greenchat.chat.channel import Channel
from greenchat.commands.core.context import Context
from greenchat.protocol.modes import ModeChange, lines_of_changes
from greenchat.protocol.wrap import room


def show_changes(ctx: Context, channel: Channel, changes: Sequence[ModeChange]) -> None:
    """Send mode changes that were made to all members, from the server."""
    ctx.network.closures.note_modes(ctx.network.fold(channel.name), channel, ctx.new_id())
    name = ctx.network.settings.name
    for params in lines_of_changes(changes, room(name, "MODE", channel.name)):
        ctx.broadcast(channel, ctx.envelope("MODE", channel.name, *params))
