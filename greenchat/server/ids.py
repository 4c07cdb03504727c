"""Message ids: unique across restarts, and no two alike in one process."""

import secrets
from collections.abc import Callable
from itertools import count


def new_ids(started: int) -> Callable[[], str]:
    """A maker of msgids, https://ircv3.net/specs/extensions/message-ids: opaque, without spaces.

    started: ms since the epoch; with some chance behind it, it sets apart the ids of two runs.
    """
    prefix = f"{started:x}{secrets.token_hex(2)}-"
    numbers = count(1)

    def new_id() -> str:
        return f"{prefix}{next(numbers):x}"

    return new_id
