"""Reserves and frees names, for RESV and ChanServ PURGE."""

from greenchat.chat import documents
from greenchat.chat.protection.reservations import Reservation
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.clock_jump import last_before
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.persistence import Change, carry_out
from greenchat.commands.core.steps import step
from greenchat.protocol.message import presentable
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import in_words
from greenchat.storage.interface import Document
from greenchat.values.durations import format_duration
from greenchat.values.masks import MOST_STARS, has_too_many_stars

_SECOND = 1000  # ms
_LONGEST = 128  # bytes of a mask
_MOST = 1000


def reserve(ctx: Context, mask: str, seconds: int, reason: str, *more: Change) -> None:
    """Reserve a name, set by the sender, after storing that. seconds: 0 for ever. Raises IrcError, StoreError.

    more: further changes of the same transaction.
    """
    reservations = ctx.network.protection.reservations
    refusal = _why_not(ctx, mask)
    if refusal:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text=refusal)
    reason = reason[: ctx.network.settings.limits.kick] or "No reason given"
    until = ctx.now + seconds * _SECOND if seconds else 0
    reservation = Reservation(mask, ctx.nick, ctx.now, until, reason)
    write = Document(documents.RESERVATION.name, reservations.key(mask), reservation.document())
    carry_out(ctx, Change((write,), lambda: reservations.put(reservation)), *more)
    act(ctx, "RESV", f"{ctx.nick} reserved {mask} {how_long(seconds)}: {reason}")


def free(ctx: Context, mask: str) -> None:
    """Remove a reservation, after storing that. Raises IrcError, StoreError."""
    reservations = ctx.network.protection.reservations
    reservation = reservations.get(mask)
    if reservation is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text=f"{mask} is not reserved")
    ctx.secure(documents.RESERVATION, reservations.key(mask), None)
    reservations.drop(mask)
    act(ctx, "RESV", f"{ctx.nick} removed the reservation of {reservation.mask}")


def about(reservation: Reservation, now: int) -> str:
    """Return a reservation in words."""
    left = f", {format_duration(max(1, (reservation.until - now) // _SECOND))} left" if reservation.until else ""
    return f"{reservation.mask} by {reservation.setter}, {in_words(reservation.created)}{left}: {reservation.reason}"


def _why_not(ctx: Context, mask: str) -> str:
    if not mask or presentable(mask) != mask or "," in mask or len(mask.encode()) > _LONGEST:
        return f"A reservation is for a nickname or a #channel, without spaces, of at most {_LONGEST} bytes"
    if not set(mask) - set("#*?"):
        return "That would reserve every name"
    if has_too_many_stars(mask):
        return f"A mask has at most {MOST_STARS} stars"
    if len(ctx.network.protection.reservations) >= _MOST and ctx.network.protection.reservations.get(mask) is None:
        return "There are too many reservations"
    return ""


def how_long(seconds: int) -> str:
    """Return "for 1h", or "for ever"."""
    return f"for {format_duration(seconds)}" if seconds else "for ever"


@step("reservations.expire")
def let_expire(ctx: Context) -> None:
    """Remove expired reservations."""
    for each in ctx.network.protection.reservations.expire(ctx.now):
        ctx.keep(documents.RESERVATION, ctx.network.protection.reservations.key(each.mask), None)
        act(ctx, "RESV", f"The reservation of {each.mask} has expired: {each.reason}")


@step("reservations.shift")
def shift(ctx: Context, jump: int) -> None:
    """Adjust the reservations to a jump of the clock, so that they keep their duration."""
    for each in ctx.network.protection.reservations.shift(jump, before=last_before(ctx.now, jump)):
        ctx.keep(documents.RESERVATION, ctx.network.protection.reservations.key(each.mask), each.document())
