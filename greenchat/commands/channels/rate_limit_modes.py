"""Setting the channel modes +j, +W and +d: how fast users may join and speak. See `chat.rate_limits`."""

from greenchat.chat.channel import Channel
from greenchat.chat.rate_limits import RateLimit
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.modes import ModeChange
from greenchat.protocol.numerics import Numeric


def apply_rate_limit(_: Context, channel: Channel, change: ModeChange) -> ModeChange | None:
    """Set or unset one of the modes; return the effective change. Raises IrcError."""
    letter = change.letter
    before = channel.rate_limits.get(letter)
    if not change.adding:
        if before is None:
            return None
        del channel.rate_limits[letter]
    else:
        try:
            wanted = RateLimit.parse(letter, change.parameter or "")
        except ValueError as error:
            raise IrcError(
                Numeric.ERR_INVALIDMODEPARAM, channel.name, letter, change.parameter or "*", text=str(error)
            ) from error
        if wanted == before:
            return None
        channel.rate_limits[letter] = wanted
    channel.revision += 1
    channel.recent.clear()
    return change
