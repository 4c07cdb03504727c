"""FILTER: the lines held by the spam filter, for operators to decide on."""

from greenchat.chat.moderation import HeldLine
from greenchat.chat.visibility import sees_addresses
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.commands.messages.privmsg import say
from greenchat.protocol.message import presentable
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import format_time

_SHOWN = 20
_LONGEST = 120  # characters of a line in LIST


@command("FILTER", right="spam")
def filter_(ctx: Context) -> None:
    """FILTER [LIST] | RELEASE <number> | DROP <number> | UNMUTE <nickname>

    List the messages held back by the spam filter. RELEASE sends one, as if it had just been written; DROP discards it.
    UNMUTE unmutes a user.
    """
    name, *words = (*ctx.message.params, "") if ctx.message.params else ("LIST", "")
    subcommand = _SUBCOMMANDS.get(name.upper())
    if subcommand is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "FILTER", text="FILTER LIST, RELEASE, DROP or UNMUTE")
    subcommand(ctx, words[0])


def _list(ctx: Context, _: str) -> None:
    held = ctx.network.moderation.held
    shows_address = sees_addresses(ctx.user, ctx.network.settings)
    for each in list(held.values())[-_SHOWN:]:
        source = f"{each.user.nick} ({each.user.real_host if shows_address else each.user.host})"
        target, text = each.message.params[0], each.message.params[-1][:_LONGEST]
        ctx.notice(f"{each.number} {format_time(each.time)} {source} to {target}: {presentable(text)} [{each.reasons}]")
    mode = ctx.network.settings.spam.mode
    ctx.notice(f"{len(held)} line{'s' * (len(held) != 1)} held back; the filter is {mode}")


def _release(ctx: Context, number: str) -> None:
    held = _take(ctx, number)
    if held.session.user is not held.user:
        raise IrcError(
            Numeric.ERR_UNKNOWNERROR, "FILTER", text=f"{held.user.nick} is no longer here; {held.number} was dropped"
        )
    act(ctx, "FILTER", f"{ctx.nick} released {held.number} of {held.user.source}")
    state = ctx.network.moderation
    speaker = ctx.for_session(held.session)
    speaker.message = held.message
    speaker.parts = held.parts
    state.is_releasing = True
    try:
        say(speaker)
    except IrcError as error:
        speaker.refuse(error)
    finally:
        state.is_releasing = False
    state.muted.pop(held.user, None)
    state.suspects.pop(held.user, None)


def _drop(ctx: Context, number: str) -> None:
    held = _take(ctx, number)
    act(ctx, "FILTER", f"{ctx.nick} dropped {held.number} of {held.user.source}")


def _take(ctx: Context, number: str) -> HeldLine:
    held = ctx.network.moderation.held
    line = held.pop(int(number), None) if number.isascii() and number.isdecimal() and len(number) < 10 else None
    if line is None:
        raise IrcError(
            Numeric.ERR_UNKNOWNERROR, "FILTER", text=f"No held message has the number {presentable(number) or '*'}"
        )
    return line


def _unmute(ctx: Context, nick: str) -> None:
    user = ctx.network.user(nick)
    state = ctx.network.moderation
    if user is None or state.muted.pop(user, None) is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "FILTER", text=f"{presentable(nick) or '*'} is not muted")
    state.suspects.pop(user, None)
    act(ctx, "FILTER", f"{ctx.nick} unmuted {user.source}")


_SUBCOMMANDS = {"LIST": _list, "RELEASE": _release, "DROP": _drop, "UNMUTE": _unmute}
