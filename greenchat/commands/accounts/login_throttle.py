"""Limits password attempts: no more run at the same time than may still fail, so that many connections gain nothing.

Checking a password takes a thread tens of milliseconds. If only finished failures were counted, a thousand connections
could try a thousand passwords before the first failure.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.steps import step

T = TypeVar("T")

_SECOND = 1000  # ms
_WEIGHT = 60  # the weight of a connection's further passwords, in commands: see Context.weight


def guess(
    ctx: Context,
    who: Sequence[str],
    is_right: Callable[[], T],
    then: Callable[[Context, T], Continuation | None],
    refuse: Callable[[Context, int], Continuation | None],
    *,
    external: bool = False,
) -> Continuation | None:
    """Call `is_right` in a thread, and `then` with its result; wrong passwords (False) are counted.

    who: the keys for counting. external: whether another service checks the password.
    refuse: called instead, with the seconds to wait, after too many wrong ones. If so many attempts are running that
    their failures would reach the limit, the next one waits for them.
    """
    logins = ctx.network.protection.logins
    seconds = seconds_to_wait(ctx, who)
    if seconds:
        return refuse(ctx, seconds)
    nodes = max(1, len(ctx.network.nodes))
    if not all(logins.has_room(each, ctx.now, nodes=nodes) for each in who):

        def again(ctx: Context, _: None) -> Continuation | None:
            return guess(ctx, who, is_right, then, refuse, external=external)

        # external checks may take seconds: do not poll too often
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

    # Right passwords take a thread as long as wrong ones: the first is free, further ones are throttled.
    if ctx.session.registration.has_tried:
        ctx.weight += _WEIGHT
    if not external:
        ctx.session.registration.has_tried = True
    return Deferred(is_right, tried, done=done, hashes=not external, external=external)


def seconds_to_wait(ctx: Context, who: Sequence[str]) -> int:
    """Return the seconds until these keys allow another password, 0 if now."""
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
