"""Actions against spam: the message is held, its sender muted, kicked or banned, or in a dry run operators are told.

Operators, members with voice or more, and users with an account older than a day are exempt. A held message waits for
an operator: FILTER RELEASE sends it.
"""

import re
from functools import lru_cache

from greenchat.chat.channel import Channel
from greenchat.chat.protection.spam import Finding, compiled, judge
from greenchat.chat.user import User
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.sanctions import ban_address
from greenchat.commands.core.steps import step
from greenchat.config.moderation import SpamFilter
from greenchat.protocol.numerics import Numeric
from greenchat.values.durations import format_duration

FLAG = "G"  # the channel mode that enables the filter even if it is off; InspIRCd's letter for its word filter
_SECOND = 1000  # ms
_TRUSTED_AFTER = 86_400_000  # ms since the account was registered
_TELL_EVERY = 60_000  # ms between two lines to operators about one user, in a dry run
_HELD = "Your message was held back because it looks like spam ({reasons}). Operators were notified and can release it"


def is_on(ctx: Context, channel: Channel | None) -> bool:
    """Whether the filter applies to messages to a channel. channel: None for private messages."""
    return ctx.network.settings.spam.mode != "off" or (channel is not None and FLAG in channel.flags)


def require_unsuspicious(ctx: Context, place: Channel | User, text: str) -> None:
    """Judge a message of the sender. Raises IrcError if it is held."""
    channel = place if isinstance(place, Channel) else None
    if not is_on(ctx, channel) or ctx.network.moderation.is_releasing or _is_trusted(ctx, channel):
        return
    state, user, options = ctx.network.moderation, ctx.user, ctx.network.settings.spam
    is_new = not user.account and ctx.now - user.signon < options.newcomer * _SECOND
    window = round(options.window * _SECOND)
    finding = judge(
        state.suspect(user),
        text,
        now=ctx.now,
        window=window,
        is_new=is_new,
        members=_names(ctx, channel),
        patterns=_patterns(options.patterns),
        others=state.wave.others(text, user.source, ctx.now, window) if is_new else 0,
    )
    is_muted = state.muted.get(user, 0) > ctx.now
    steps = [name for name in ("ban", "kick", "mute", "hold") if 0 < getattr(options, name) <= finding.score]
    if not is_muted and not (steps and finding.points):
        return
    reasons = ", ".join(finding.reasons) or "muted for spam"
    if options.mode == "report" and not (channel and FLAG in channel.flags):
        _report_dry(ctx, place, steps, reasons, finding)
        return
    held = state.hold(ctx.session, user, ctx.message, ctx.parts, reasons, ctx.now)
    target_name = place.name if isinstance(place, Channel) else place.nick
    act(
        ctx,
        "FILTER",
        f"Held back {held.number}, from {user.source} to {target_name} ({reasons}; {finding.score} points)",
    )
    refusal = IrcError(Numeric.ERR_CANNOTSENDTOCHAN, target_name, text=_HELD.format(reasons=reasons))
    if {"mute", "kick", "ban"} & set(steps) and not is_muted:
        state.muted[user] = ctx.now + round(options.mute_time * _SECOND)
        act(ctx, "FILTER", f"Muted {user.source} for {format_duration(round(options.mute_time))}")
    if channel is not None and {"kick", "ban"} & set(steps) and user in channel.members:
        ctx.refuse(refusal)
        _kick(ctx, channel, user)
    if "ban" in steps:
        _ban(ctx, options, user)
    raise refusal


@step("spam.shift")
def shift(ctx: Context, jump: int) -> None:
    """Adjust mutes to a jump of the clock by so many ms, so that they keep their duration."""
    muted, latest = ctx.network.moderation.muted, ctx.now + round(ctx.network.settings.spam.mute_time * _SECOND)
    for user, until in muted.items():
        if not ctx.now < until <= latest:
            muted[user] = min(until + jump, latest)


def _is_trusted(ctx: Context, channel: Channel | None) -> bool:
    user = ctx.user
    if "o" in user.modes or (channel is not None and channel.members.get(user)):
        return True
    account = ctx.network.accounts.get(user.account) if user.account else None
    return account is not None and ctx.now - account.created > _TRUSTED_AFTER


def _names(ctx: Context, channel: Channel | None) -> frozenset[str]:
    if channel is None:
        return frozenset()
    return frozenset(member.nick.casefold() for member in channel.members)


@lru_cache(maxsize=8)
def _patterns(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return compiled(patterns)


def _report_dry(ctx: Context, place: Channel | User, steps: list[str], reasons: str, finding: Finding) -> None:
    state, user = ctx.network.moderation, ctx.user
    if 0 <= ctx.now - state.last_reported.get(user, -_TELL_EVERY) < _TELL_EVERY or not steps:
        return
    state.last_reported[user] = ctx.now
    target_name = place.name if isinstance(place, Channel) else place.nick
    act(
        ctx,
        "FILTER",
        f"Dry run: would {steps[0]} {user.source} for a line to {target_name} ({reasons}; {finding.score} points)",
    )


def _kick(ctx: Context, channel: Channel, user: User) -> None:
    envelope = ctx.envelope("KICK", channel.name, user.nick, "Spam")
    ctx.announce(channel, envelope, about=user)
    ctx.network.part(user, channel)


def _ban(ctx: Context, options: SpamFilter, user: User) -> None:
    ban_address(ctx, user, round(options.ban_time), "Spam")
