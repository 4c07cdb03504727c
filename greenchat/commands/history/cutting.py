"""The end of what is kept no longer: all nodes cut a history at the same place of the log, whichever found it due.

What `Store.due_cuts` has found is proposed, and looked at again when it is applied: a channel may have another name by
then, and a guest may be back.
"""

from typing import Any

from greenchat.commands.core.context import Context
from greenchat.commands.core.steps import step
from greenchat.commands.history.conversations import channel_key
from greenchat.storage.interface import Cut, DueCuts, members_of

_AT_ONCE = 200  # cuts in one act: in some milliseconds


def propose_cuts(ctx: Context, due: DueCuts) -> None:
    """Propose cuts, in several acts."""
    surplus = [[each.conversation, _life(ctx, each.conversation), each.upto] for each in due.surplus]
    for some in _portions(surplus):
        ctx.note(cut_surplus, some)
    for some in _portions([[each.conversation, each.upto] for each in due.departed]):
        ctx.note(cut_departed, some)


@step("history.cut")
def cut_surplus(ctx: Context, cuts: list[tuple[str, int, int]]) -> None:
    """End histories: conversation, life of the channel when it was found, and id of each."""
    ctx.record(*[Cut(key, upto) for key, life, upto in cuts if _life(ctx, key) == life])


@step("history.departed")
def cut_departed(ctx: Context, cuts: list[tuple[str, int]]) -> None:
    """End what guests have said to each other, of whom none is here any more: conversation and id of each."""
    here = {user.guest_id for user in ctx.network.users.values()}
    ctx.record(*[Cut(key, upto) for key, upto in cuts if here.isdisjoint(members_of(key))])


def _life(ctx: Context, conversation: str) -> int:
    """Return which life of a channel this is now, 0 if there is none, or for a direct conversation."""
    channel = ctx.network.channels.get(channel_key(ctx, conversation))
    return channel.life if channel else 0


def _portions(cuts: list[list[Any]]) -> list[list[list[Any]]]:
    return [cuts[begin : begin + _AT_ONCE] for begin in range(0, len(cuts), _AT_ONCE)]
