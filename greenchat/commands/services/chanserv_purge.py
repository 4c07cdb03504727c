"""ChanServ PURGE, for operators: closes a channel and reserves its name."""

from greenchat.commands.channels.kick import kick_member
from greenchat.commands.connection.reservations import about, free, reserve
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.persistence import Change, registration_update
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.services.chanserv import CHANSERV
from greenchat.values import names


@CHANSERV.command("PURGE", "<ADD|DEL|LIST> [<#channel>] [<reason>]", right="ban")
def purge(ctx: Context, words: list[str]) -> None:
    """Close a channel: kick everybody, unregister it, and let only operators join.

    It is reserved like with RESV; DEL opens it again. Its history stays: see HistServ DELETE and FORGET.
    """
    action = words[0].upper()
    if action == "LIST":
        closed = [each for each in ctx.network.protection.reservations if each.is_channel and each.holds(ctx.now)]
        tell(ctx, CHANSERV, *[about(each, ctx.now) for each in closed], f"{len(closed)} closed")
        return
    if action not in ("ADD", "DEL") or len(words) < 2:
        raise ServiceError("Usage: PURGE ADD|DEL <#channel> [<reason>], or PURGE LIST")
    name = words[1]
    if not names.is_channel(name, ctx.network.settings.limits.channel):
        raise ServiceError(f"{name[:50]} is not a valid channel name")
    if ctx.network.fold(name) == ctx.network.fold(ctx.network.settings.lobby):
        raise ServiceError(f"{name} is the lobby and can't be closed")
    try:
        if action == "DEL":
            free(ctx, name)
        else:
            reserve(ctx, name, 0, " ".join(words[2:]), *_removal(ctx, name))
    except IrcError as error:
        raise ServiceError(error.text) from error
    if action == "ADD":
        _empty(ctx, name, " ".join(words[2:]) or "This channel is closed")
    tell(ctx, CHANSERV, f"{name} is {'closed' if action == 'ADD' else 'open again'}")


def _removal(ctx: Context, name: str) -> list[Change]:
    """Return the change that ends the registration of a channel, if there is one."""
    channel = ctx.network.channel(name)
    return [registration_update(ctx, channel, None)] if channel and channel.registration else []


def _empty(ctx: Context, name: str, reason: str) -> None:
    channel = ctx.network.channel(name)
    if channel is None:
        return
    for member in list(channel.members):
        kick_member(ctx, channel, member, reason[: ctx.network.settings.limits.kick])
