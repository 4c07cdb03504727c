"""Trying a password: no more attempts at the same time than may still be wrong, so that many connections gain nothing.

Checking a password takes a thread tens of milliseconds. If only known failures were counted, a thousand connections
could each try another password before the first one was found to be wrong.
"""

from collections.abc import Callable, Sequence

from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.steps import step

_SECOND = 1000  # ms
_WEIGHT = 60  # commands that one connection's further password counts for: see Context.weight


def guess(
    ctx: Context,
    who: Sequence[str],
    is_right: Callable[[], bool],
    then: Callable[[Context, bool], Continuation | None],
    refuse: Callable[[Context, int], Continuation | None],
) -> Continuation | None:
    """Call `is_right` in a thread, and `then` with its result; wrong passwords are counted.

    who: the keys by which they are counted. refuse: called instead, with the seconds to wait, after too many wrong
    ones. While so many attempts are under way that it would be too many if all of them failed, the next one waits for
    these.
    """
    logins = ctx.network.logins
    seconds = seconds_to_wait(ctx, who)
    if seconds:
        return refuse(ctx, seconds)
    if not all(logins.has_room(each, ctx.now) for each in who):
        # after the attempts under way: a thread takes one after the other
        return Deferred(_nothing, lambda ctx, _: guess(ctx, who, is_right, then, refuse), hashes=True)
    for each in who:
        logins.begin(each)

    def done() -> None:
        for each in who:
            logins.end(each)

    def tried(ctx: Context, right: bool) -> Continuation | None:
        if not right:
            count_wrong(ctx, who)
        return then(ctx, right)

    # Each takes a thread as long, right ones too: one is free, further ones have to wait.
    if ctx.session.has_tried:
        ctx.weight += _WEIGHT
    ctx.session.has_tried = True
    return Deferred(is_right, tried, done=done, hashes=True)


def seconds_to_wait(ctx: Context, who: Sequence[str]) -> int:
    """Return the seconds until these may try a password again, 0 if now."""
    wait = max(ctx.network.logins.wait(each, ctx.now) for each in who)
    return wait // _SECOND + 1 if wait else 0


def count_wrong(ctx: Context, who: Sequence[str]) -> None:
    """Count a wrong password."""
    ctx.network.local.logins["wrong"] += 1
    ctx.propose(_count, list(who))


@step("login.wrong")
def _count(ctx: Context, who: list[str]) -> None:
    for each in who:
        ctx.network.logins.count(each, ctx.now)


def _nothing() -> None:
    """Do nothing, for an attempt that only waits."""
