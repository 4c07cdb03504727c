"""Message ids for the whole server: unique across restarts, in the order in which they were given out."""

from collections.abc import Callable

from greenchat.protocol.msgid import MessageIds


def new_ids(now: Callable[[], int], last: int) -> Callable[[], int]:
    """A maker of msgids, https://ircv3.net/specs/extensions/message-ids.

    now: the clock, ms since the epoch. last: the largest id that the store holds.
    """
    ids = MessageIds(last)

    def new_id() -> int:
        return ids.next(now())

    return new_id
