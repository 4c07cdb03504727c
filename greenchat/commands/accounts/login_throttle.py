"""Trying a password: no more attempts at the same time than may still be wrong, so that many connections gain nothing.

Checking a password takes a thread tens of milliseconds. If only known failures were counted, a thousand connections
could each try another password before the first one was found to be wrong.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.steps import step

T = TypeVar("T")

_SECOND = 1000  # ms
_WEIGHT = 60  # commands that one connection's further password counts for: see Context.weight


def guess(
    ctx: Context,
    who: Sequence[str],
    is_right: Callable[[], T],
    then: Callable[[Context, T], Continuation | None],
    refuse: Callable[[Context, int], Continuation | None],
    *,
    outside: bool = False,
) -> Continuation | None:
    """Call `is_right` in a thread, and `then` with its result; wrong passwords (False) are counted.

    who: the keys by which they are counted. outside: others are asked, so that it waits for them.
    refuse: called instead, with the seconds to wait, after too many wrong ones. While so many attempts are under way
    that it would be too many if all of them failed, the next one waits for these.
    """
    logins = ctx.network.protection.logins
    seconds = seconds_to_wait(ctx, who)
    if seconds:
        return refuse(ctx, seconds)
    nodes = max(1, len(ctx.network.nodes))
    if not all(logins.has_room(each, ctx.now, nodes=nodes) for each in who):

        def again(ctx: Context, _: None) -> Continuation | None:
            return guess(ctx, who, is_right, then, refuse, outside=outside)

        # others may be answered in seconds: it must not look all the time
        return Deferred(_nothing, again, pauses=True)
    for each in who:
        logins.begin(each)

    def done() -> None:
        for each in who:
            logins.end(each)

    def tried(ctx: Context, right: T) -> Continuation | None:
        if right is False:
            count_wrong(ctx, who)
        return then(ctx, right)

    # Each takes a thread as long, right ones too: one is free, further ones have to wait.
    if ctx.session.registration.has_tried:
        ctx.weight += _WEIGHT
    if not outside:
        ctx.session.registration.has_tried = True
    return Deferred(is_right, tried, done=done, hashes=not outside, outside=outside)


def seconds_to_wait(ctx: Context, who: Sequence[str]) -> int:
    """Return the seconds until these may try a password again, 0 if now."""
    wait = max(ctx.network.protection.logins.wait(each, ctx.now) for each in who)
    return wait // _SECOND + 1 if wait else 0


def count_wrong(ctx: Context, who: Sequence[str]) -> None:
    """Count a wrong password."""
    ctx.network.local.logins["wrong"] += 1
    ctx.propose(_count, list(who))


@step("login.wrong")
def _count(ctx: Context, who: list[str]) -> None:
    for each in who:
        ctx.network.protection.logins.count(each, ctx.now)


def _nothing() -> None:
    """Do nothing, for an attempt that only waits."""
