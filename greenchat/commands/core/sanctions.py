"""Automatic sanctions, for folders that may not import the one that implements them.

`operators/uban` sets its function here, as commands set their offers in `cap_offers`.
"""

from collections.abc import Callable

from greenchat.chat.user import User
from greenchat.commands.core.context import Context

# Ban a user's address: seconds, and the reason.
BANS: list[Callable[[Context, User, int, str], None]] = []


def ban_address(ctx: Context, user: User, seconds: int, reason: str) -> None:
    """Ban a user's address for `seconds`, which closes all connections from there."""
    for ban in BANS:
        ban(ctx, user, seconds, reason)
