"""Cuts the history by the retention limits, at the same entry of the log on all nodes.

The cuts of `Store.due_cuts` are proposed, and checked again when they are applied: a channel may have been renamed
meanwhile, and a guest may have returned.
"""

from typing import Any

from greenchat.commands.core.context import Context
from greenchat.commands.core.steps import step
from greenchat.commands.history.conversations import channel_key
from greenchat.storage.interface import Cut, DueCuts, members_of

_AT_ONCE = 200  # cuts in one act, which take some milliseconds


def propose_cuts(ctx: Context, due: DueCuts) -> None:
    """Propose cuts, in several acts."""
    surplus = [[each.conversation, _life(ctx, each.conversation), each.upto] for each in due.surplus]
    for portion in _portions(surplus):
        ctx.note(cut_surplus, portion)
    for portion in _portions([[each.conversation, each.upto] for each in due.departed]):
        ctx.note(cut_departed, portion)


@step("history.cut")
def cut_surplus(ctx: Context, cuts: list[tuple[str, int, int]]) -> None:
    """Cut conversations; each cut has the conversation, the life of its channel when it was found, and an id."""
    ctx.record(*[Cut(key, upto) for key, life, upto in cuts if _life(ctx, key) == life])


@step("history.departed")
def cut_departed(ctx: Context, cuts: list[tuple[str, int]]) -> None:
    """Cut direct conversations of guests who have all left; each cut has the conversation and an id."""
    here = {user.guest_id for user in ctx.network.users.values()}
    ctx.record(*[Cut(key, upto) for key, upto in cuts if here.isdisjoint(members_of(key))])


def _life(ctx: Context, conversation: str) -> int:
    """Return the current life of a channel, 0 if it does not exist, or for a direct conversation."""
    channel = ctx.network.channels.get(channel_key(ctx, conversation))
    return channel.life if channel else 0


def _portions(cuts: list[list[Any]]) -> list[list[list[Any]]]:
    return [cuts[begin : begin + _AT_ONCE] for begin in range(0, len(cuts), _AT_ONCE)]
