"""WHO: lists the members of a channel, or the users that match a mask, with the requested fields.

https://modern.ircdocs.horse/#who-message and https://ircv3.net/specs/extensions/whox
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.chat.visibility import sees, sees_address, sees_in
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Streamed, iterate_with_additions
from greenchat.commands.core.registry import Way, command
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import elapsed
from greenchat.values.masks import compile_mask, has_too_many_stars

_LIGHT = 250  # users that weigh as much as one command: see Context.weight
_EVERYBODY = ("*", "0")
_MOST_MEMBERS = 5000  # lines of an answer about a channel, which fit into an outbox

_NO_CHANNEL = "*"
_NO_IP = "255.255.255.255"
_NO_ACCOUNT = "0"
_NO_LEVEL = "n/a"


@dataclass(frozen=True, slots=True)
class _Question:
    """A parsed WHO <mask> [o][%<fields>[,<token>]]. fields: None for the plain answer. echo: the token."""

    mask: str
    operators: bool
    fields: str | None
    echo: str


@command("WHO", way=Way.HERE)
def who(ctx: Context) -> Streamed:
    """WHO [<mask> [o][%<fields>[,<token>]]]

    List the members of a channel, or the users whose nickname, username, host or real name matches a mask with * and ?.
    o: server operators only. %: only the fields of these letters, with the token (WHOX).
    """
    question = _parse(ctx.message.params)
    ctx.network.catch_up(ctx.session)
    ctx.weight += _looked_at(ctx, question.mask) // _LIGHT
    return Streamed(_answer(ctx, question))


def _answer(ctx: Context, question: _Question) -> Iterator[None]:
    """Answer a question, a step for each user to be checked."""
    most = _MOST_MEMBERS if question.mask.startswith("#") else ctx.network.settings.limits.who
    shown = 0
    for user, channel in _find(ctx, question.mask):
        if user is not None and _is_wanted(user, question):
            if shown == most:
                text = f"WHO {question.mask} matches more users than the {most} that are shown: use a narrower mask"
                ctx.notice(text)
                break
            shown += 1
            if question.fields is None:
                _send_plain(ctx, user, channel)
            else:
                _send_fields(ctx, user, channel, question)
        yield
    ctx.reply(Numeric.RPL_ENDOFWHO, question.mask)


def _parse(params: tuple[str, ...]) -> _Question:
    mask, options = (*params, "", "")[:2]
    flags, percent, wanted = options.partition("%")
    fields, _, echo = wanted.partition(",")
    if not (echo.isascii() and echo.isdigit() and len(echo) <= 3):
        # "The token MUST contain only digit characters and MUST contain at most 3 characters."
        echo = "0"
    return _Question(mask or "*", "o" in flags, fields if percent else None, echo)


def _looked_at(ctx: Context, mask: str) -> int:
    """Return the number of users to be checked for an answer."""
    if mask.startswith("#"):
        channel = ctx.network.channel(mask)
        return len(channel.members) if channel and channel.is_visible_to(ctx.user) else 0
    return 0 if ctx.network.user(mask) else len(ctx.network.users)


def _is_wanted(user: User, question: _Question) -> bool:
    return not question.operators or "o" in user.modes


_FoundTarget = tuple[User | None, Channel | None]
_NOBODY: _FoundTarget = (None, None)


def _find(ctx: Context, mask: str) -> Iterator[_FoundTarget]:
    """Yield the users that a mask matches, each with the channel to name; _NOBODY for each one that does not match.

    Between two steps users may come and go.
    """
    if mask.startswith("#"):
        yield from _find_members(ctx, mask)
        return
    user = ctx.network.user(mask)
    if user is not None:
        # "An exact nickname, in which case a single user is returned."
        yield user, _some_channel(ctx, user)
        return
    if has_too_many_stars(mask):
        return
    matches = _matcher(ctx, mask)
    for user in iterate_with_additions(ctx.network.users.values):
        is_found = ctx.network.user(user.nick) is user and sees(ctx.user, user) and matches(user)
        yield (user, _some_channel(ctx, user)) if is_found else _NOBODY


def _find_members(ctx: Context, name: str) -> Iterator[_FoundTarget]:
    channel = ctx.network.channel(name)
    if channel is None or not channel.is_visible_to(ctx.user):
        return
    for member in iterate_with_additions(lambda: channel.members):
        is_found = member in channel.members and sees_in(ctx.user, member, channel)
        yield (member, channel) if is_found else _NOBODY


def _matcher(ctx: Context, mask: str) -> Callable[[User], bool]:
    network = ctx.network
    pattern = compile_mask(mask.lower())
    if mask in _EVERYBODY or pattern.match(network.settings.name.lower()):
        return lambda user: True
    nick_pattern = compile_mask(network.fold(mask))

    def matches(user: User) -> bool:
        return bool(
            nick_pattern.match(network.fold(user.nick))
            or pattern.match(user.username.lower())
            or pattern.match(user.host.lower())
            or pattern.match(user.realname.lower())
            or pattern.match(user.source.lower())
            or (sees_address(ctx.user, user, network.settings) and pattern.match(user.real_host.lower()))
        )

    return matches


def _some_channel(ctx: Context, user: User) -> Channel | None:
    """Return "an arbitrary channel the client is joined to", if the sender may know of it."""
    for channel in ctx.network.channels_of(user):
        if channel.is_listed_to(ctx.user) and sees_in(ctx.user, user, channel):
            return channel
    return None


def _send_plain(ctx: Context, user: User, channel: Channel | None) -> None:
    ctx.reply(
        Numeric.RPL_WHOREPLY,
        channel.name if channel else _NO_CHANNEL,
        user.username,
        user.host,
        ctx.network.settings.name,
        user.nick,
        _flags(ctx, user, channel),
        text="0 " + user.realname,
    )


def _send_fields(ctx: Context, user: User, channel: Channel | None, question: _Question) -> None:
    wanted = question.fields or ""
    values = [question.echo] if "t" in wanted else []
    values += [value(ctx, user, channel) for letter, value in _FIELDS.items() if letter in wanted]
    ctx.respond(ctx.envelope(Numeric.RPL_WHOSPCRPL.command, ctx.nick, *values))


def _flags(ctx: Context, user: User, channel: Channel | None) -> str:
    """Return the flags: here or gone, operator, the prefix in the channel, bot: in this order."""
    flags = "G" if user.away else "H"
    if "o" in user.modes:
        flags += "*"
    if channel:
        symbols = ctx.network.settings.mode_table.symbols_of(channel.members[user])
        flags += symbols if ctx.session.caps & caps.MULTI_PREFIX else symbols[:1]
    if "B" in user.modes:
        flags += "B"
    return flags


def _ip(ctx: Context, user: User, _: Channel | None) -> str:
    return user.real_host if sees_address(ctx.user, user, ctx.network.settings) else _NO_IP


# In the order in which they are sent, which is not that of the request; the token precedes all of them.
_FIELDS: dict[str, Callable[[Context, User, Channel | None], str]] = {
    "c": lambda _ctx, _user, channel: channel.name if channel else _NO_CHANNEL,
    "u": lambda _ctx, user, _channel: user.username,
    "i": _ip,
    "h": lambda _ctx, user, _channel: user.host,
    "s": lambda ctx, _user, _channel: ctx.network.settings.name,
    "n": lambda _ctx, user, _channel: user.nick,
    "f": _flags,
    "d": lambda _ctx, _user, _channel: "0",  # hops: there is one server
    "l": lambda ctx, user, _channel: str(elapsed(user.active, ctx.now)),
    "a": lambda _ctx, user, _channel: user.account or _NO_ACCOUNT,
    "o": lambda _ctx, _user, _channel: _NO_LEVEL,
    "r": lambda _ctx, user, _channel: user.realname,
}
