"""The members of a channel, and the list of channels: NAMES LIST.

https://modern.ircdocs.horse/#names-message and #list-message, with all search extensions of #elist-parameter.
"""

from collections.abc import Callable, Iterator

from greenchat.chat import names_cache
from greenchat.chat.channel import Channel
from greenchat.chat.user import Session
from greenchat.chat.visibility import sees_in
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Streamed, iterate_with_additions
from greenchat.commands.core.lookup import targets
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.names_reply import NamesReply
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric
from greenchat.values import masks

_LIGHT = 250  # channels or members that weigh as much as one command: see Context.weight
_LIGHT_LOOKS = 5000  # the same for comparisons of a channel with one mask or condition
_LOOKS = 8  # comparisons of a channel in one step
_MINUTE = 60_000  # ms
_Test = Callable[[Channel], bool]


@command("NAMES", way=Way.HERE)
def names(ctx: Context) -> Streamed:
    """NAMES [<channel>{,<channel>}]

    List the members of channels; without a channel, of all visible ones, up to a limit.
    """
    wanted = dict.fromkeys(targets(ctx.message.params[0])) if ctx.message.params else {}
    if not wanted:
        ctx.weight += len(ctx.network.channels) // _LIGHT
        return Streamed(_all_names(ctx))
    channels = dict.fromkeys(filter(None, map(ctx.network.channel, wanted)))
    ctx.weight += sum(len(each.members) for each in channels if each.is_visible_to(ctx.user)) // _LIGHT
    return Streamed(_names(ctx, list(wanted)))


def _all_names(ctx: Context) -> Iterator[None]:
    """Answer a NAMES without channels, with at most as many users as WHO shows, and one 366.

    RFC 2812, 3.2.5: "If no <channel> parameter is given, a list of all channels and their occupants is returned".
    """
    left = ctx.network.settings.limits.who
    for channel in list(ctx.network.channels.values()):
        yield
        if left <= 0:
            break
        if channel.is_listed_to(ctx.user) and channel.members:
            left -= len(channel.members)
            *lines, _ = names_reply(ctx, ctx.session, channel)
            for envelope in lines:
                ctx.respond(envelope)
    ctx.reply(Numeric.RPL_ENDOFNAMES, "*")


def _names(ctx: Context, wanted: list[str]) -> Iterator[None]:
    for name in wanted:
        yield
        channel = ctx.network.channel(name)
        if channel is None or not channel.is_visible_to(ctx.user):
            ctx.reply(Numeric.RPL_ENDOFNAMES, name)
        else:
            for envelope in names_reply(ctx, ctx.session, channel):
                ctx.respond(envelope)


def names_reply(ctx: Context, session: Session, channel: Channel) -> Iterator[Envelope]:
    """Yield the members of a channel that a session's user can see."""
    viewer = session.user
    if viewer is None:
        return
    if viewer in channel.members:
        channel.group.catch_up(session)
    settings = ctx.network.settings
    variant = session.caps & names_cache.VARIANT
    if viewer in channel.members and ("u" not in channel.flags or channel.is_at_least(viewer, "h")):
        lines = names_cache.lines(settings, channel, variant)
    else:
        # "Users with the invisible user mode set are not shown in channel responses unless the requesting client is
        # also joined to that channel."
        shown = (member for member in channel.members if sees_in(viewer, member, channel))
        if "u" in channel.flags and not channel.members.get(viewer):
            # ordinary members of an auditorium are shown its operators, as in Ergo, but not each other
            shown = (member for member in shown if member is viewer or channel.is_at_least(member, "h"))
        lines = names_cache.lines_of(settings, channel, variant, shown)
    if session.dialect:
        for text in lines.texts():
            yield ctx.numeric(viewer.nick, Numeric.RPL_NAMREPLY, channel.symbol, channel.name, text)
    else:
        params = (viewer.nick, channel.symbol, channel.name, "")
        head = Message(Numeric.RPL_NAMREPLY.command, params, settings.name)
        yield NamesReply(lines.wire(), head, time=ctx.now)
    yield ctx.numeric(viewer.nick, Numeric.RPL_ENDOFNAMES, channel.name)


@command("LIST", way=Way.HERE)
def list_(ctx: Context) -> Streamed:
    """LIST [<channel>{,<channel>}] [<condition>{,<condition>}]

    List channels with their numbers of members and topics: all, those with a name or mask (#a*), or those that meet all
    conditions: !mask (name does not match), >n or <n (more or fewer members), C>n or C<n (created more or less than n
    minutes ago), T>n or T<n (topic set more or less than n minutes ago).
    """
    named: list[str] = []
    shapes: list[str] = []
    others: list[str] = []
    tests: list[_Test] = []
    for word in (word for param in ctx.message.params[:2] for word in targets(param)):
        if word[0] == "!":
            others.append(word[1:])
            continue
        test = _condition(word, ctx.now)
        if test is not None:
            tests.append(test)
        else:
            (shapes if "*" in word or "?" in word else named).append(word)
    is_shaped = bool(shapes)
    shapes = [shape for shape in shapes if not masks.has_too_many_stars(shape)]
    others = [shape for shape in others if not masks.has_too_many_stars(shape)]
    if others:
        is_other = masks.any_of(others)
        tests.append(lambda channel: not is_other(channel.name))
    shaped = masks.any_of(shapes) if shapes else None
    if not (named or is_shaped):
        shaped = _everything
    looks = len(shapes) + len(others) + len(tests)  # at each channel
    if shaped:
        count = len(ctx.network.channels)
        ctx.weight += count // _LIGHT + count * looks // _LIGHT_LOOKS
    return Streamed(_list(ctx, named, shaped, tests, looks // _LOOKS))


def _list(
    ctx: Context, named: list[str], shaped: masks.Matcher | None, tests: list[_Test], pauses: int
) -> Iterator[None]:
    """List the channels of these names, then the matching ones. pauses: steps beside the one for each channel."""
    network = ctx.network
    ctx.reply(Numeric.RPL_LISTSTART, "Channel")
    shown = set()
    for channel in filter(None, map(network.channel, named)):
        yield
        if channel not in shown:
            shown.add(channel)
            _show(ctx, channel, tests)
    for channel in iterate_with_additions(network.channels.values) if shaped else ():
        yield
        if channel not in shown and shaped and shaped(channel.name):
            _show(ctx, channel, tests)
        for _ in range(pauses):
            yield
    ctx.reply(Numeric.RPL_LISTEND)


def _show(ctx: Context, channel: Channel, tests: list[_Test]) -> None:
    is_there = ctx.network.channel(channel.name) is channel  # the channel may have ended meanwhile
    if is_there and channel.is_listed_to(ctx.user) and all(test(channel) for test in tests):
        topic = channel.topic.text if channel.topic else ""
        ctx.reply(Numeric.RPL_LIST, channel.name, str(len(channel.members)), topic)


def _everything(_: str) -> bool:
    return True


def _condition(word: str, now: int) -> _Test | None:
    """Return a condition of LIST, or None if it is not one.

    https://modern.ircdocs.horse/#elist-parameter: U, C and T, and the letters in either case.
    """
    if word[0] in "<>":
        most_or_least = _number(word[1:])
        if most_or_least is not None:
            return _compared(word[0], most_or_least, lambda channel: len(channel.members))
    elif word[0] in "CTct" and word[1:2] in ("<", ">"):
        minutes = _number(word[2:])
        if minutes is not None:
            return _compared(word[1], minutes * _MINUTE, _age_of_topic(now) if word[0] in "Tt" else _age(now))
    return None


def _compared(sign: str, bound: int, measure: Callable[[Channel], int | None]) -> _Test:
    def test(channel: Channel) -> bool:
        value = measure(channel)
        return value is not None and (value < bound if sign == "<" else value > bound)

    return test


def _age(now: int) -> Callable[[Channel], int | None]:
    return lambda channel: now - channel.created


def _age_of_topic(now: int) -> Callable[[Channel], int | None]:
    return lambda channel: now - channel.topic.time if channel.topic else None


def _number(text: str) -> int | None:
    return int(text[:9]) if text.isascii() and text.isdigit() else None
