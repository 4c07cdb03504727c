"""RESV and UNRESV: reserved names.

They are not specified; names and parameters are those of Solanum. A reserved name is refused to everybody but
operators: a nick like one in use, a channel with 437. Present users of the nick and members of the channel are not
affected.
"""

from greenchat.commands.connection.reservations import about, free, how_long, reserve
from greenchat.commands.core.context import Context
from greenchat.commands.core.registry import command
from greenchat.values.durations import parse_duration


@command("RESV", right="ban")
def resv(ctx: Context) -> None:
    """RESV [<duration>] <nickname or #channel> [<reason>]

    Reserve a nickname or channel: only operators can use it. * and ? are wildcards. Durations are like 30m, 12h or
    1w2d (a number alone: minutes). UNRESV removes a reservation. Without parameters: list the reservations.
    """
    words = ctx.message.params
    if not words:
        _list(ctx)
        return
    seconds = parse_duration(words[0], unit="m") if len(words) > 1 else None
    mask, *reason = words if seconds is None else words[1:]
    reserve(ctx, mask, seconds or 0, " ".join(reason))
    ctx.notice(f"{mask} is reserved {how_long(seconds or 0)}")


@command("UNRESV", params=1, right="ban")
def unresv(ctx: Context) -> None:
    """UNRESV <nickname or #channel>

    Remove a reservation made with RESV.
    """
    free(ctx, ctx.message.params[0])
    ctx.notice(f"{ctx.message.params[0]} is no longer reserved")


def _list(ctx: Context) -> None:
    reservations = [each for each in ctx.network.protection.reservations if each.holds(ctx.now)]
    for each in reservations:
        ctx.notice(about(each, ctx.now))
    ctx.notice(f"{len(reservations)} reservation{'s' * (len(reservations) != 1)}")
