"""Answers to questions: WHOIS, WHO, LIST and the rest, in plain words where the user is looking."""

from greenchat.client.handlers.numeric_texts import in_words
from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import notify_list
from greenchat.client.state.channel_list import Listed
from greenchat.client.state.lines import Kind
from greenchat.client.text.times import date_and_time, duration
from greenchat.protocol.message import split_source
from greenchat.protocol.numerics import Numeric

# What each list of masks is called, by the numeric of its entries; what ends it; and what is said where it is empty.
MASK_LISTS = {
    Numeric.RPL_BANLIST.command: ("Banned from", Numeric.RPL_ENDOFBANLIST, "Nobody is banned from"),
    Numeric.RPL_EXCEPTLIST.command: ("No ban holds in", Numeric.RPL_ENDOFEXCEPTLIST, "No exceptions from bans in"),
    Numeric.RPL_INVEXLIST.command: ("Always invited to", Numeric.RPL_ENDOFINVEXLIST, "Nobody is always invited to"),
    Numeric.RPL_QUIETLIST.command: ("Muted in", Numeric.RPL_ENDOFQUIETLIST, "Nobody is muted in"),
}


@on(
    Numeric.RPL_YOURHOST,
    Numeric.RPL_CREATED,
    Numeric.RPL_LUSEROP,
    Numeric.RPL_LUSERUNKNOWN,
    Numeric.RPL_LUSERCHANNELS,
    Numeric.RPL_LOCALUSERS,
    Numeric.RPL_GLOBALUSERS,
    Numeric.RPL_MOTDSTART,
    Numeric.RPL_MOTD,
)
def for_the_record(at: Incoming) -> None:
    """Part of the welcome, not worth anybody's attention but where it was asked for."""
    at.note_or_answer(in_words(at.message.command, at.message.params))


@on(Numeric.RPL_LUSERCLIENT)
def people(at: Incoming) -> None:
    """`There are <u> users and <i> invisible on <s> servers`, in the server's words: few of them know a singular."""
    counted = [int(word) for word in at.param(-1).split() if word.isdecimal()]
    at.note_or_answer(f"People here: {sum(counted[:2])}" if len(counted) == 3 else at.param(-1))


@on(Numeric.RPL_MYINFO, Numeric.RPL_LUSERME)
def said_before(at: Incoming) -> None:
    """What RPL_YOURHOST, RPL_ISUPPORT and RPL_LUSERCLIENT say, too."""


@on(
    Numeric.RPL_ENDOFWHOIS,
    Numeric.RPL_ENDOFWHO,
    Numeric.RPL_ENDOFWHOWAS,
    Numeric.RPL_ENDOFINVITELIST,
    Numeric.RPL_ENDOFLINKS,
    Numeric.RPL_ENDOFINFO,
    Numeric.RPL_ENDOFSTATS,
    Numeric.RPL_LISTSTART,
)
def ends(at: Incoming) -> None:
    """Says only that a list begins or ends, which can be seen."""


@on(Numeric.RPL_ACCEPTLIST)
def accepted(at: Incoming) -> None:
    """Who may write to us in spite of mode +g: as many nicks as fit."""
    at.answer("You hear " + ", ".join(at.message.params[1:]))


@on(*MASK_LISTS)
def on_list(at: Incoming) -> None:
    """`<channel> <mask> [<who> <when>]`; 728 names the mode behind the channel."""
    params = list(at.message.params[1:])
    if at.message.command == Numeric.RPL_QUIETLIST.command and len(params) > 2:
        del params[1]
    channel, mask, who, when = (*params, "", "", "", "")[:4]
    since = date_and_time(when)
    by = f" (by {split_source(who)[0]}{f' on {since}' if since else ''})" if who else ""
    at.network.listed += 1
    at.answer(f"{MASK_LISTS[at.message.command][0]} {channel}: {mask}{by}")


@on(*(end for _, end, _ in MASK_LISTS.values()))
def list_ends(at: Incoming) -> None:
    """`<channel> :<text>`: nothing to say but where the list was empty."""
    listed, at.network.listed = at.network.listed, 0
    empty = next(text for _, end, text in MASK_LISTS.values() if end.command == at.message.command)
    if not listed:
        at.answer(f"{empty} {at.param(1)}.")


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


@on(Numeric.RPL_WHOISKEYVALUE)
def whois_metadata(at: Incoming) -> None:
    """`<nick> <key> <visibility> :<value>`: https://ircv3.net/specs/extensions/metadata"""
    words = _METADATA.get(at.param(2), f"'s {at.param(2)} is")
    at.answer(f"{at.param(1)}{words} {at.param(4)}")


_METADATA = {
    "display-name": " is also known as",
    "pronouns": "'s pronouns are",
    "status": " says of themselves:",
    "color": " likes to be shown in the color",
}


@on(Numeric.RPL_KEYVALUE)
def metadata(at: Incoming) -> None:
    """`<target> <key> <visibility> :<value>`, of ourselves at each welcome too."""
    at.note(at.network.status, f"{at.param(1)}: {at.param(2)} is {at.param(4)}")


@on(
    Numeric.RPL_WHOISOPERATOR,
    Numeric.RPL_WHOISREGNICK,
    Numeric.RPL_WHOISSECURE,
    Numeric.RPL_WHOISCERTFP,
    Numeric.RPL_WHOISHOST,
    Numeric.RPL_WHOISMODES,
    Numeric.RPL_WHOISSPECIAL,
)
def whois_more(at: Incoming) -> None:
    """`<nick> ... :<text>`; `is using modes +` says nothing."""
    text = " ".join(at.message.params[1:])
    if not text.endswith(" +"):
        at.answer(text)


@on(Numeric.RPL_WHOREPLY)
def who(at: Incoming) -> None:
    """`<channel> <user> <host> <server> <nick> <flags> :<hopcount> <realname>`"""
    realname = at.param(7).partition(" ")[2]
    away = ", away" if at.param(6).startswith("G") else ""
    at.answer(f"{at.param(5)} ({realname}) {at.param(2)}@{at.param(3)}{away}")


@on(Numeric.RPL_LIST)
def listed(at: Incoming) -> None:
    """`<channel> <client count> :<topic>`"""
    network, people = at.network, at.param(2)
    entry = Listed(at.param(1), int(people) if people.isdecimal() else 0, at.param(3))
    network.directory.hear(network.fold(entry.name), entry)
    if network.directory.quiet:
        return
    topic = f": {at.param(3)}" if at.param(3) else ""
    at.answer(f"{at.param(1)} ({at.param(2)}){topic}")


@on(Numeric.RPL_LISTEND)
def list_end(at: Incoming) -> None:
    """All channels were named."""
    quiet = at.network.directory.quiet
    at.network.directory.end()
    if quiet:
        return
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
    at.note_or_answer(f"Your modes: {at.param(1)}" if at.param(1).strip("+") else "You have no modes.")


@on(Numeric.RPL_TRYAGAIN)
def try_again(at: Incoming) -> None:
    """`<command> :<text>`: the server does not do that so often, or not yet."""
    directory = at.network.directory
    quiet = directory.quiet and at.param(1) == "LIST"
    if at.param(1) == "LIST":
        directory.end()
    if not quiet:
        at.answer(in_words(at.message.command, at.message.params), Kind.ERROR)


@on(Numeric.RPL_ISON)
def ison(at: Incoming) -> None:
    """`<client> :<nick> ...`: the answer to /ison, or to what is asked for the notify list."""
    asked = at.network.isons.popleft() if at.network.isons else ()
    if asked:
        notify_list.answered(at.model, at.network, asked, at.param(-1).split(), at.time)
    else:
        anything_else(at)


def anything_else(at: Incoming) -> None:
    """A numeric or command without a handler of its own.

    An error (400-599) that names one of our buffers stands there.
    """
    command = at.message.command
    if not command.isdecimal():
        at.note(at.network.status, " ".join((command, *at.message.params)), Kind.INFO)
        return
    if command == Numeric.ERR_UNKNOWNCOMMAND.command and at.param(1) == "CAP":
        return  # an old server; there is nothing that the user could do about it
    text = in_words(command, at.message.params)
    if 400 <= int(command) < 600:
        named = at.network.find(at.param(1)) if len(at.message.params) > 2 else None
        if named:
            at.note(named, text, Kind.ERROR)
        else:
            at.answer(text, Kind.ERROR)
    else:
        at.note_or_answer(text)
