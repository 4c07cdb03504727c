"""Temporary masks: TBAN, and the removal of expired ones.

TBAN is in no specification; its name and parameters are those of InspIRCd's m_timedbans. In channels that survive a
restart (registered, or with an always-on member) the time continues while the server is off.
"""

from dataclasses import replace

from greenchat.chat.network import Network
from greenchat.commands.channels.channel_modes import send_changes
from greenchat.commands.channels.invite import end_invitations
from greenchat.commands.channels.list_modes import add_mask
from greenchat.commands.channels.server_modes import show_changes
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.clock_jump import last_before
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.lookup import find_channel, require_rank
from greenchat.commands.core.persistence import keep_channel, store_changes
from greenchat.commands.core.registry import command
from greenchat.commands.core.steps import step
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.numerics import Numeric
from greenchat.values.durations import format_duration, parse_duration

_SECOND = 1000  # ms


@command("TBAN", params=3, notes=3)
def tban(ctx: Context) -> None:
    """TBAN <channel> <duration> <mask>

    Ban a mask from a channel for a duration like 30m, 12h or 1w2d (a number alone: seconds). MODE -b removes the ban.
    """
    name, duration, text = ctx.message.params[:3]
    channel = find_channel(ctx, name)
    require_rank(ctx, channel)
    seconds = parse_duration(duration)
    if not seconds:
        refusal = "Write a duration like 90, 30m, 12h or 1w2d (for a permanent ban use MODE +b)"
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "TBAN", text=refusal)
    with store_changes(ctx, channel):
        entry = add_mask(ctx, channel, "b", text, until=ctx.now + seconds * _SECOND)
    if entry is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "TBAN", text=f"That mask is already banned from {channel.name}")
    change = ModeChange(True, "b", entry.mask.text)
    end_invitations(ctx, channel, [change])
    send_changes(ctx, channel, [change])
    note(ctx, "TBAN", f"{ctx.nick} banned {entry.mask.text} from {channel.name} for {format_duration(seconds)}")


def is_any_over(network: Network, now: int) -> bool:
    """Whether `let_expire` would find a mask."""
    return any(0 < channel.next_end <= now for channel in network.channels.values() if channel.lists)


@step("masks.expire")
def let_expire(ctx: Context) -> None:
    """Remove the expired masks, and tell the members of their channels."""
    modes = ctx.network.settings.mode_table.lists
    for channel in list(ctx.network.channels.values()):
        over = [(letter, entry.mask) for letter, masks in channel.lists.items() for entry in masks.over(ctx.now)]
        for letter, mask in over:
            channel.remove_mask(letter, mask)
        if over:
            keep_channel(ctx, channel)
            lifted = [ModeChange(False, letter, mask.text) for letter, mask in over if letter in modes]
            show_changes(ctx, channel, lifted)


@step("masks.shift")
def shift(ctx: Context, jump: int) -> None:
    """Adjust the masks to a jump of the clock, so that they keep their duration."""
    for channel in ctx.network.channels.values():
        if not channel.next_end:
            continue
        for letter, masks in channel.lists.items():
            for entry in [entry for entry in masks if entry.until and entry.time <= last_before(ctx.now, jump)]:
                channel.add_mask(letter, replace(entry, time=entry.time + jump, until=entry.until + jump))
        keep_channel(ctx, channel)
