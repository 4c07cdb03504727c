"""What the server does to people by itself, for commands in rooms below those that know how.

`operators/uban` puts its ban in here, as commands put what they offer into `cap_offers`.
"""

from collections.abc import Callable

from greenchat.chat.user import User
from greenchat.commands.core.context import Context

# Ban where a user comes from: for so many seconds, and why.
BANS: list[Callable[[Context, User, int, str], None]] = []


def ban_address(ctx: Context, user: User, seconds: int, reason: str) -> None:
    """Ban the address of a user, which ends all connections from there. seconds: how long."""
    for ban in BANS:
        ban(ctx, user, seconds, reason)
