"""Forgets closures without remaining messages, after retention has deleted these."""

from collections.abc import Iterator

from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import conversations_of_channel
from greenchat.commands.core.steps import step
from greenchat.protocol.msgid import LAST_ID
from greenchat.storage.interface import HistorySpan

_OLDEST = HistorySpan(1, events=True)


def prune_closures(ctx: Context) -> Iterator[None]:
    """Forget the closures that end before the oldest message of their channel, a step for each channel.

    Raises StoreError.
    """
    closures = ctx.network.closures
    for key in closures.channels():
        ended = closures.first_end(key)
        if ended is not None:
            oldest = min(_oldest(ctx, conversation) for conversation in conversations_of_channel(ctx.network, key))
            if ended < oldest:
                ctx.propose(_forget, key, oldest)
        yield


@step("closures.pruned")
def _forget(ctx: Context, key: str, oldest: int) -> None:
    ctx.network.closures.prune(key, oldest)


def _oldest(ctx: Context, conversation: str) -> int:
    events = ctx.journal.store.read(conversation, _OLDEST)
    return events[0].id if events else LAST_ID
