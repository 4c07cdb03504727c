"""Answers to questions: WHOIS, WHO, LIST and the rest, in plain words where the user is looking."""

from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.said import Kind
from greenchat.client.times import date_and_time, duration
from greenchat.protocol.numerics import Numeric


@on(
    Numeric.RPL_YOURHOST,
    Numeric.RPL_CREATED,
    Numeric.RPL_MYINFO,
    Numeric.RPL_LUSEROP,
    Numeric.RPL_LUSERUNKNOWN,
    Numeric.RPL_LUSERCHANNELS,
    Numeric.RPL_LUSERCLIENT,
    Numeric.RPL_LUSERME,
    Numeric.RPL_LOCALUSERS,
    Numeric.RPL_GLOBALUSERS,
    Numeric.RPL_MOTDSTART,
    Numeric.RPL_MOTD,
)
def for_the_record(at: Incoming) -> None:
    """Worth keeping with the server's own lines, not worth anybody's attention."""
    at.note(at.network.status, " ".join(at.message.params[1:]), Kind.EVENT)


@on(
    Numeric.RPL_ENDOFWHOIS,
    Numeric.RPL_ENDOFWHO,
    Numeric.RPL_ENDOFWHOWAS,
    Numeric.RPL_LISTSTART,
    Numeric.RPL_ENDOFBANLIST,
)
def ends(at: Incoming) -> None:
    """Says only that a list begins or ends, which can be seen."""


@on(Numeric.RPL_WHOISUSER, Numeric.RPL_WHOWASUSER)
def whois_user(at: Incoming) -> None:
    """`<nick> <user> <host> * :<realname>`"""
    is_ = "is" if at.message.command == Numeric.RPL_WHOISUSER.command else "was"
    at.answer(f"{at.param(1)} {is_} {at.param(5)} ({at.param(2)}@{at.param(3)})")


@on(Numeric.RPL_WHOISSERVER)
def whois_server(at: Incoming) -> None:
    """`<nick> <server> :<server info>`"""
    at.answer(f"{at.param(1)} is connected to {at.param(2)} ({at.param(3)})")


@on(Numeric.RPL_WHOISIDLE)
def whois_idle(at: Incoming) -> None:
    """`<nick> <secs> <signon> :seconds idle, signon time`"""
    idle = at.param(2)
    text = f"{at.param(1)} was last active {duration(int(idle))} ago" if idle.isdecimal() else f"{at.param(1)} is idle"
    since = date_and_time(at.param(3))
    at.answer(f"{text}, here since {since}" if since else text)


@on(Numeric.RPL_WHOISCHANNELS)
def whois_channels(at: Incoming) -> None:
    """`<nick> :[prefix]<channel> ...`"""
    at.answer(f"{at.param(1)} is in {at.param(2).strip()}")


@on(Numeric.RPL_WHOISACCOUNT)
def whois_account(at: Incoming) -> None:
    """`<nick> <account> :is logged in as`"""
    at.answer(f"{at.param(1)} is logged in as {at.param(2)}")


@on(
    Numeric.RPL_WHOISOPERATOR,
    Numeric.RPL_WHOISREGNICK,
    Numeric.RPL_WHOISSECURE,
    Numeric.RPL_WHOISCERTFP,
    Numeric.RPL_WHOISHOST,
    Numeric.RPL_WHOISMODES,
    Numeric.RPL_WHOISACTUALLY,
    Numeric.RPL_WHOISSPECIAL,
)
def whois_more(at: Incoming) -> None:
    """`<nick> ... :<text>`"""
    at.answer(" ".join(at.message.params[1:]))


@on(Numeric.RPL_WHOREPLY)
def who(at: Incoming) -> None:
    """`<channel> <user> <host> <server> <nick> <flags> :<hopcount> <realname>`"""
    realname = at.param(7).partition(" ")[2]
    away = ", away" if at.param(6).startswith("G") else ""
    at.answer(f"{at.param(5)} ({realname}) {at.param(2)}@{at.param(3)}{away}")


@on(Numeric.RPL_LIST)
def listed(at: Incoming) -> None:
    """`<channel> <client count> :<topic>`"""
    topic = f": {at.param(3)}" if at.param(3) else ""
    at.answer(f"{at.param(1)} ({at.param(2)}){topic}")


@on(Numeric.RPL_LISTEND)
def list_end(at: Incoming) -> None:
    """All channels were named."""
    at.answer("These are the channels. /join one of them, or any other name to make a new one.")


@on(Numeric.RPL_INVITING)
def inviting(at: Incoming) -> None:
    """`<nick> <channel>`"""
    at.answer(f"{at.param(1)} was invited to {at.param(2)}")


@on(Numeric.RPL_NOWAWAY)
def now_away(at: Incoming) -> None:
    """We are away now."""
    at.network.away = True
    at.answer("You are away. /back when you are here again.")


@on(Numeric.RPL_UNAWAY)
def not_away(at: Incoming) -> None:
    """We are back."""
    at.network.away = False
    at.answer("You are back.")


@on(Numeric.RPL_UMODEIS)
def own_modes(at: Incoming) -> None:
    """Our user modes."""
    at.answer(f"Your modes: {at.param(1)}")


def anything_else(at: Incoming) -> None:
    """A numeric or command without a handler of its own: shown as the server worded it.

    An error (400-599) that names one of our buffers stands there.
    """
    command = at.message.command
    if not command.isdecimal():
        at.note(at.network.status, " ".join((command, *at.message.params)), Kind.INFO)
        return
    text = " ".join(at.message.params[1:])
    if 400 <= int(command) < 600:
        named = at.network.find(at.param(1)) if len(at.message.params) > 2 else None
        if named:
            at.note(named, text, Kind.ERROR)
        else:
            at.answer(text, Kind.ERROR)
    else:
        at.answer(text)
