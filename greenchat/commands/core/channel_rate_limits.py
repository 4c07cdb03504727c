"""Enforces the channel modes +j, +W and +d, which limit joins and messages. See `chat.rate_limits`."""

from greenchat.chat import policy
from greenchat.chat.channel import Channel
from greenchat.chat.rate_limits import DELAY, JOINS, SLOW, RecentTimes
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.msgid import parse_msgid, time_of
from greenchat.protocol.numerics import Numeric

_SECOND = 1000  # ms
_FORGET_FROM = 64  # users whose lines are remembered; beyond that those of users who have quit are dropped


def check_join_rate(ctx: Context, channel: Channel) -> None:
    """Check the rate of joins. Raises 437 if too many have joined just now; invited users may always join."""
    limit = channel.rate_limits.get(JOINS)
    if limit is None or ctx.user in channel.invited:
        return
    recent = channel.recent.setdefault(None, RecentTimes())
    wait = recent.wait(limit, ctx.now)
    if wait > 0:
        text = f"Too many joins to this channel (+j): try again in {_seconds(wait)}"
        raise IrcError(Numeric.ERR_UNAVAILRESOURCE, channel.name, text=text)
    recent.count(ctx.now)


def check_message_rate(ctx: Context, channel: Channel) -> None:
    """Check the rate of messages. Raises 404 if a member without a rank speaks too soon after joining, or too fast."""
    user = ctx.user
    if not channel.rate_limits or channel.members.get(user) or "o" in user.modes:
        return
    delay = _delay(ctx, channel, user)
    if delay:
        raise _too_soon(channel, DELAY, delay)
    slow = channel.rate_limits.get(SLOW)
    if slow is None:
        return
    if user not in channel.recent and len(channel.recent) >= _FORGET_FROM:
        for former in [each for each in channel.recent if each and ctx.network.user(each.nick) is not each]:
            del channel.recent[former]
    recent = channel.recent.setdefault(user, RecentTimes())
    wait = recent.wait(slow, ctx.now)
    if wait > 0:
        raise _too_soon(channel, SLOW, wait)
    recent.count(ctx.now)


def may_show_text(ctx: Context, user: User, channel: Channel, command: str, text: str) -> bool:
    """Whether the members of a channel see a member's text that is not a message to them: it is a line like any other.

    That is the reason for leaving or for deleting a message, an away message, a changed real name, or a topic. Metadata
    is not: only those get it who subscribed to the key.
    """
    if policy.may_speak(user, channel, command, text) is not None or policy.audience(user, channel):
        return False
    if ctx.network.moderation.muted.get(user, 0) > ctx.now:  # by the spam filter
        return False
    return bool(channel.members.get(user)) or "o" in user.modes or not _delay(ctx, channel, user)


def _delay(ctx: Context, channel: Channel, user: User) -> int:
    """Return after how many ms somebody may speak who has joined just now."""
    delay = channel.rate_limits.get(DELAY)
    if delay is None:
        return 0
    been_here = ctx.now - _joined(ctx, channel, user)
    # a time in the future is from before the clock was set back
    return delay.seconds * _SECOND - been_here if 0 <= been_here < delay.seconds * _SECOND else 0


def _joined(ctx: Context, channel: Channel, user: User) -> int:
    """Return when a user joined the channel, in ms; now for users outside (without +n)."""
    since = parse_msgid(user.channels.get(ctx.network.fold(channel.name), ""))
    return ctx.now if since is None else time_of(since)


def _too_soon(channel: Channel, letter: str, wait: int) -> IrcError:
    text = f"Cannot send to channel (+{letter}): you can in {_seconds(wait)}"
    return IrcError(Numeric.ERR_CANNOTSENDTOCHAN, channel.name, text=text)


def _seconds(wait: int) -> str:
    count = -(-wait // _SECOND)
    return f"{count} second{'s' * (count != 1)}"
