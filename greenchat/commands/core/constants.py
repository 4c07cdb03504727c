"""Numerics that are the same for everybody until the settings change: made once, since every newcomer gets them."""

from collections.abc import Callable, Hashable, Iterable

from greenchat.commands.core.context import Context
from greenchat.protocol.envelopes.numeric import Addressed


def send_constants(ctx: Context, key: Hashable, make: Callable[[], Iterable[Addressed]]) -> None:
    """Send the sender the numerics of this key. make: makes them from nothing but the settings and the VAPID key."""
    settings, local = ctx.network.settings, ctx.network.local
    known = local.constants
    if known is None or known[0] is not settings or known[1] != local.vapid:
        known = local.constants = settings, local.vapid, {}
    numerics = known[2].get(key)
    if numerics is None:
        numerics = known[2][key] = list(make())
    for numeric in numerics:
        ctx.send_numeric(ctx.session, numeric)
