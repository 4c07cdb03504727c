"""Reserved channels: the configuration's `reserved_channels`, and those of RESV."""

from greenchat.commands.core.context import Context
from greenchat.values.masks import glob


def why_closed(ctx: Context, name: str) -> str:
    """Return why the sender can't join a channel of this name at all; "" if allowed, as for operators."""
    reservation = ctx.network.protection.reservations.of_name(name, ctx.now)
    if reservation is None or "o" in ctx.user.modes:
        return ""
    return f"That channel was closed: {reservation.reason}"


def why_not_new(ctx: Context, name: str) -> str:
    """Return why the sender can't create a channel of this name, or rename one to it; "" if allowed."""
    masks = ctx.network.settings.reserved.channels
    if "o" not in ctx.user.modes and any(glob(mask, name, ctx.network.naming.mask_fold) for mask in masks):
        return "That channel is reserved for the server's operators"
    return why_closed(ctx, name)
