"""WHOWAS: former users of a nick. https://modern.ircdocs.horse/#whowas-message"""

from collections.abc import Iterator
from itertools import islice

from greenchat.chat.visibility import sees_addresses
from greenchat.chat.whowas import WhowasEntry
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import in_words
from greenchat.values.masks import compile_mask

_MASK = frozenset("*?")


@command("WHOWAS", way=Way.HERE)
def whowas(ctx: Context) -> None:
    """WHOWAS <nick> [<count>]

    Show the former users of a nickname, the latest first. Operators can give a mask.
    """
    nick, count = (*ctx.message.params, "", "")[:2]
    if not nick:
        raise IrcError(Numeric.ERR_NONICKNAMEGIVEN)
    network = ctx.network
    is_mask = not _MASK.isdisjoint(nick) and "o" in ctx.user.modes
    named = _matching(ctx, nick) if is_mask else network.whowas.of(network.fold(nick))
    entries = list(islice(named, _positive(count)))
    if not entries:
        ctx.reply(Numeric.ERR_WASNOSUCHNICK, nick)
    for departed in entries:
        ctx.reply(Numeric.RPL_WHOWASUSER, departed.nick, departed.username, departed.host, "*", text=departed.realname)
        if sees_addresses(ctx.user, network.settings):
            ctx.reply(Numeric.RPL_WHOISACTUALLY, departed.nick, departed.real_host)
        if departed.account:
            ctx.reply(Numeric.RPL_WHOISACCOUNT, departed.nick, departed.account, text="was logged in as")
        ctx.reply(Numeric.RPL_WHOISSERVER, departed.nick, network.settings.name, text=in_words(departed.time))
    ctx.reply(Numeric.RPL_ENDOFWHOWAS, nick)


def _matching(ctx: Context, mask: str) -> Iterator[WhowasEntry]:
    """Yield users whose nick matches a mask: RFC 2812, 3.6.3: "Wildcards are allowed".

    At most as many as a WHO shows.
    """
    network = ctx.network
    pattern = compile_mask(network.fold(mask))
    matches = (departed for departed in network.whowas if pattern.match(network.fold(departed.nick)))
    return islice(matches, network.settings.limits.who)


def _positive(count: str) -> int | None:
    """Return the count: "<count> SHOULD be a positive number. Otherwise, a full search is done." """
    return int(count[:9]) or None if count.isascii() and count.isdigit() else None
