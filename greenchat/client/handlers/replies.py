"""Answers to queries: WHOIS, WHO, LIST and the rest, as sentences in the current window."""

from greenchat.client.handlers.numeric_texts import in_words
from greenchat.client.handlers.registry import Incoming, on
from greenchat.client.irc import notify_list
from greenchat.client.state.channel_list import ListedChannel
from greenchat.client.state.lines import LineKind
from greenchat.client.text.times import date_and_time, duration
from greenchat.protocol.message import split_source
from greenchat.protocol.numerics import Numeric

# The numeric of a list's entries -> its name, the numeric of its end, and the text for an empty list.
MASK_LISTS = {
    Numeric.RPL_BANLIST.command: ("Banned from", Numeric.RPL_ENDOFBANLIST, "Nobody is banned from"),
    Numeric.RPL_EXCEPTLIST.command: ("Exempt from bans in", Numeric.RPL_ENDOFEXCEPTLIST, "No exceptions from bans in"),
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
def for_the_record(incoming: Incoming) -> None:
    """Hide a part of the welcome, unless the user has requested it."""
    incoming.note_or_answer(in_words(incoming.message.command, incoming.message.params))


@on(Numeric.RPL_LUSERCLIENT)
def user_counts(incoming: Incoming) -> None:
    """`There are <u> users and <i> invisible on <s> servers`, shown as a sum, since few servers have a singular."""
    counted = [int(word) for word in incoming.param(-1).split() if word.isdecimal()]
    incoming.note_or_answer(f"People here: {sum(counted[:2])}" if len(counted) == 3 else incoming.param(-1))


@on(Numeric.RPL_MYINFO, Numeric.RPL_LUSERME)
def hide_redundant(incoming: Incoming) -> None:
    """Hide numerics that repeat RPL_YOURHOST, RPL_ISUPPORT and RPL_LUSERCLIENT."""


@on(
    Numeric.RPL_ENDOFWHOIS,
    Numeric.RPL_ENDOFWHO,
    Numeric.RPL_ENDOFWHOWAS,
    Numeric.RPL_ENDOFINVITELIST,
    Numeric.RPL_ENDOFLINKS,
    Numeric.RPL_MAPEND,
    Numeric.RPL_ENDOFINFO,
    Numeric.RPL_ENDOFSTATS,
    Numeric.RPL_LISTSTART,
)
def hide_list_end(incoming: Incoming) -> None:
    """Hide numerics that only mark the beginning or end of a list."""


@on(Numeric.RPL_ACCEPTLIST)
def accepted(incoming: Incoming) -> None:
    """Show a line of the accept list for mode +g."""
    incoming.answer("You accept messages from " + ", ".join(incoming.message.params[1:]))


@on(*MASK_LISTS)
def on_list(incoming: Incoming) -> None:
    """`<channel> <mask> [<who> <when>]`; 728 has the mode after the channel."""
    params = list(incoming.message.params[1:])
    if incoming.message.command == Numeric.RPL_QUIETLIST.command and len(params) > 2:
        del params[1]
    channel, mask, who, when = (*params, "", "", "", "")[:4]
    since = date_and_time(when)
    by = f" (by {split_source(who)[0]}{f' on {since}' if since else ''})" if who else ""
    incoming.network.directory.masks += 1
    incoming.answer(f"{MASK_LISTS[incoming.message.command][0]} {channel}: {mask}{by}")


@on(*(end for _, end, _ in MASK_LISTS.values()))
def list_ends(incoming: Incoming) -> None:
    """`<channel> :<text>`: shown only for an empty list."""
    directory = incoming.network.directory
    listed, directory.masks = directory.masks, 0
    empty = next(text for _, end, text in MASK_LISTS.values() if end.command == incoming.message.command)
    if not listed:
        incoming.answer(f"{empty} {incoming.param(1)}.")


@on(Numeric.RPL_WHOISUSER, Numeric.RPL_WHOWASUSER)
def whois_user(incoming: Incoming) -> None:
    """`<nick> <user> <host> * :<realname>`"""
    is_ = "is" if incoming.message.command == Numeric.RPL_WHOISUSER.command else "was"
    incoming.network.directory.hosts = {incoming.param(3)}
    incoming.answer(f"{incoming.param(1)} {is_} {incoming.param(5)} ({incoming.param(2)}@{incoming.param(3)})")


@on(Numeric.RPL_WHOISSERVER)
def whois_server(incoming: Incoming) -> None:
    """`<nick> <server> :<server info>`"""
    incoming.answer(f"{incoming.param(1)} is connected to {incoming.param(2)} ({incoming.param(3)})")


@on(Numeric.RPL_WHOISIDLE)
def whois_idle(incoming: Incoming) -> None:
    """`<nick> <secs> <signon> :seconds idle, signon time`"""
    idle = incoming.param(2)
    text = (
        f"{incoming.param(1)} was last active {duration(int(idle))} ago"
        if idle.isdecimal()
        else f"{incoming.param(1)} is idle"
    )
    since = date_and_time(incoming.param(3))
    incoming.answer(f"{text}, online since {since}" if since else text)


@on(Numeric.RPL_WHOISCHANNELS)
def whois_channels(incoming: Incoming) -> None:
    """`<nick> :[prefix]<channel> ...`"""
    incoming.answer(f"{incoming.param(1)} is in {incoming.param(2).strip()}")


@on(Numeric.RPL_WHOISACCOUNT)
def whois_account(incoming: Incoming) -> None:
    """`<nick> <account> :is logged in as`"""
    incoming.answer(f"{incoming.param(1)} is logged in as {incoming.param(2)}")


@on(Numeric.RPL_WHOISKEYVALUE)
def whois_metadata(incoming: Incoming) -> None:
    """`<nick> <key> <visibility> :<value>`: https://ircv3.net/specs/extensions/metadata"""
    words = _METADATA.get(incoming.param(2), f"'s {incoming.param(2)} is")
    incoming.answer(f"{incoming.param(1)}{words} {incoming.param(4)}")


_METADATA = {
    "display-name": " is also known as",
    "pronouns": "'s pronouns are",
    "status": " has the status:",
    "color": " prefers the colour",
}


@on(Numeric.RPL_KEYVALUE)
def metadata(incoming: Incoming) -> None:
    """`<target> <key> <visibility> :<value>`, of ourselves at each welcome too."""
    incoming.note(incoming.network.status, f"{incoming.param(1)}: {incoming.param(2)} is {incoming.param(4)}")


@on(
    Numeric.RPL_WHOISOPERATOR,
    Numeric.RPL_WHOISREGNICK,
    Numeric.RPL_WHOISSECURE,
    Numeric.RPL_WHOISCERTFP,
    Numeric.RPL_WHOISMODES,
    Numeric.RPL_WHOISSPECIAL,
)
def whois_more(incoming: Incoming) -> None:
    """`<nick> ... :<text>`; `is using modes +` says nothing."""
    text = " ".join(incoming.message.params[1:])
    if not text.endswith(" +"):
        incoming.answer(text)


@on(Numeric.RPL_WHOISHOST)
def whois_host(incoming: Incoming) -> None:
    """`<nick> :is connecting from <user>@<host> <address>`; nothing for a host that was shown already."""
    hosts = incoming.network.directory.hosts
    named = {word.rpartition("@")[2] for word in incoming.param(2).split()[3:]}
    if not named <= hosts:
        hosts |= named
        incoming.answer(" ".join(incoming.message.params[1:]))


@on(Numeric.RPL_WHOISACTUALLY)
def whois_actually(incoming: Incoming) -> None:
    """`<nick> [<user>@<host>] [<address>] :is actually using host`, which was often shown already."""
    if not incoming.network.directory.hosts.intersection(incoming.message.params[2:]):
        incoming.answer(f"{incoming.param(1)} is connecting from {incoming.param(2)}")


@on(Numeric.RPL_WHOREPLY)
def who(incoming: Incoming) -> None:
    """`<channel> <user> <host> <server> <nick> <flags> :<hopcount> <realname>`"""
    realname = incoming.param(7).partition(" ")[2]
    away = ", away" if incoming.param(6).startswith("G") else ""
    incoming.answer(f"{incoming.param(5)} ({realname}) {incoming.param(2)}@{incoming.param(3)}{away}")


@on(Numeric.RPL_LIST)
def listed(incoming: Incoming) -> None:
    """`<channel> <client count> :<topic>`"""
    network, people = incoming.network, incoming.param(2)
    entry = ListedChannel(incoming.param(1), int(people) if people.isdecimal() else 0, incoming.param(3))
    network.directory.add(network.fold(entry.name), entry)
    if network.directory.quiet:
        return
    topic = f": {incoming.param(3)}" if incoming.param(3) else ""
    incoming.answer(f"{incoming.param(1)} ({incoming.param(2)}){topic}")


@on(Numeric.RPL_LISTEND)
def list_end(incoming: Incoming) -> None:
    """Note that the list of channels is complete."""
    quiet = incoming.network.directory.quiet
    incoming.network.directory.end()
    if quiet:
        return
    incoming.answer("End of the list. Use /join NAME to join a channel, or to create a new one.")


@on(Numeric.RPL_INVITING)
def inviting(incoming: Incoming) -> None:
    """`<nick> <channel>`"""
    incoming.answer(f"{incoming.param(1)} was invited to {incoming.param(2)}")


@on(Numeric.RPL_NOWAWAY)
def now_away(incoming: Incoming) -> None:
    """Note that the user is away."""
    incoming.network.away = True
    incoming.answer("You are marked as away. Use /back when you are back.")


@on(Numeric.RPL_UNAWAY)
def not_away(incoming: Incoming) -> None:
    """Note that the user is back."""
    incoming.network.away = False
    incoming.answer("You are no longer marked as away.")


@on(Numeric.RPL_UMODEIS)
def own_modes(incoming: Incoming) -> None:
    """Show the user's modes."""
    incoming.note_or_answer(
        f"Your modes: {incoming.param(1)}" if incoming.param(1).strip("+") else "You have no modes."
    )


@on(Numeric.RPL_TRYAGAIN)
def try_again(incoming: Incoming) -> None:
    """`<command> :<text>`: the server does not do that so often, or not yet."""
    directory = incoming.network.directory
    quiet = directory.quiet and incoming.param(1) == "LIST"
    if incoming.param(1) == "LIST":
        directory.end()
    if not quiet:
        incoming.answer(in_words(incoming.message.command, incoming.message.params), LineKind.ERROR)


@on(Numeric.RPL_ISON)
def ison(incoming: Incoming) -> None:
    """`<client> :<nick> ...`: the answer to /ison, or to the polling of the notify list."""
    asked = incoming.network.presence.ison_requests.popleft() if incoming.network.presence.ison_requests else ()
    if asked:
        notify_list.answered(incoming.model, incoming.network, asked, incoming.param(-1).split(), incoming.time)
    else:
        other_numeric(incoming)


def other_numeric(incoming: Incoming) -> None:
    """Show a numeric or command without a handler of its own.

    An error (400-599) about one of our buffers is shown there.
    """
    command = incoming.message.command
    if not command.isdecimal():
        incoming.note(incoming.network.status, " ".join((command, *incoming.message.params)), LineKind.INFO)
        return
    if command == Numeric.ERR_UNKNOWNCOMMAND.command and incoming.param(1) == "CAP":
        return  # an old server, about which the user can do nothing
    text = in_words(command, incoming.message.params)
    if 400 <= int(command) < 600:
        named = incoming.network.find(incoming.param(1)) if len(incoming.message.params) > 2 else None
        if named:
            incoming.note(named, text, LineKind.ERROR)
        else:
            incoming.answer(text, LineKind.ERROR)
    else:
        incoming.note_or_answer(text)
