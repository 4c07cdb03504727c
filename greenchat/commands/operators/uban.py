"""Server bans: UBAN, and its equivalents under the names of other servers.

UBAN is Ergo's: one command for addresses, networks, masks and accounts. KLINE and DLINE take a duration before the
mask, where a number alone means minutes, as in servers of the Hybrid family, or after it, where it means seconds, as in
InspIRCd.
"""

from collections.abc import Callable, Sequence

from greenchat.chat.protection.server_bans import (
    ACCOUNT,
    ADDRESS,
    MASK,
    BanTarget,
    ServerBan,
    ServerBans,
    TargetError,
    parse_target,
)
from greenchat.chat.user import User
from greenchat.chat.visibility import sees_addresses
from greenchat.commands.connection.ban_enforcement import enforce, hosts_of, secure_ban
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.commands.core.sanctions import BANS
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import in_words
from greenchat.storage.interface import StoreError
from greenchat.values.addresses import address
from greenchat.values.durations import format_duration, parse_duration
from greenchat.values.masks import MOST_STARS, has_too_many_stars

_NO_REASON = "No reason given"
_SECOND = 1000  # ms
_LISTED = 200  # bans in LIST


@command("UBAN", params=1, right="ban")
def uban(ctx: Context) -> None:
    """UBAN ADD <target> [<duration>] [<reason>] | DEL <target> | LIST [<kind>] | INFO <target>

    Ban users from the server. A target is an IP address, a network like 192.0.2.0/24, a mask nick!user@host, or
    an account. Durations are like 90, 30m, 12h or 1w2d; without one, or with 0, the ban is permanent.
    UBAN INFO also takes a nickname. LIST can be limited to address, mask or account.
    """
    name, *words = ctx.message.params
    subcommand = _SUBCOMMANDS.get(name.upper())
    if subcommand is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "UBAN", text="UBAN ADD, DEL, LIST or INFO")
    subcommand(ctx, words)


@command("KLINE", params=1, right="ban")
def kline(ctx: Context) -> None:
    """KLINE [<minutes>] <user@host> [<duration>] [<reason>]

    Ban a mask from the server: the same as UBAN ADD. UNKLINE removes it.
    """
    _line(ctx, lambda text: parse_target(text if "@" in text or "!" in text else f"*@{text}"))


@command("DLINE", params=1, right="ban")
def dline(ctx: Context) -> None:
    """DLINE [<minutes>] <address or network> [<duration>] [<reason>]

    Ban an IP address or a network from the server: the same as UBAN ADD. UNDLINE removes it.
    """
    _line(ctx, _address)


@command("UNKLINE", params=1, right="ban")
def unkline(ctx: Context) -> None:
    """UNKLINE <user@host>

    Remove a ban on a mask: the same as UBAN DEL.
    """
    text = ctx.message.params[0]
    _remove(ctx, _target(text if "@" in text or "!" in text else f"*@{text}"))


@command("UNDLINE", params=1, right="ban")
def undline(ctx: Context) -> None:
    """UNDLINE <address or network>

    Remove a ban on an IP address or a network: the same as UBAN DEL.
    """
    _remove(ctx, _target(ctx.message.params[0], _address))


def _line(ctx: Context, parse: Callable[[str], BanTarget]) -> None:
    first, *rest = ctx.message.params
    seconds = parse_duration(first, unit="m") if rest else None
    if seconds is None:
        _add(ctx, _target(first, parse), *_duration_and_reason(rest))
    else:
        _add(ctx, _target(rest[0], parse), seconds, " ".join(rest[1:]))


def _add_command(ctx: Context, words: Sequence[str]) -> None:
    if not words:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "UBAN")
    _add(ctx, _target(words[0]), *_duration_and_reason(words[1:]))


def _duration_and_reason(words: Sequence[str]) -> tuple[int, str]:
    seconds = parse_duration(words[0]) if words else 0
    return (0, " ".join(words)) if seconds is None else (seconds, " ".join(words[1:]))


def _add(ctx: Context, target: BanTarget, seconds: int, reason: str) -> None:
    network = ctx.network
    if has_too_many_stars(target.text):
        text = f"A mask has at most {MOST_STARS} stars"
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text=text)
    reason = reason[: network.settings.limits.kick] or _NO_REASON
    if len(network.protection.bans) >= network.settings.limits.bans and network.protection.bans.get(target) is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text="There are too many bans")
    before = network.protection.bans.get(target)
    until = ctx.now + seconds * _SECOND if seconds else 0
    ban = ServerBan(target, ctx.nick, ctx.now, until, reason, _account_id(ctx, target))
    network.protection.bans.put(ban)
    if ban in _hitting(ctx):
        _put_back(network.protection.bans, target, before)
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text="That ban would match you")
    try:
        secure_ban(ctx, ban)
    except StoreError:
        _put_back(network.protection.bans, target, before)
        raise
    count = enforce(ctx, ban)
    duration = f"for {format_duration(seconds)}" if seconds else "for ever"
    ctx.notice(f"{target.text} is banned {duration}; {count} connection{'s' * (count != 1)} ended")
    act(ctx, "UBAN", f"{ctx.nick} banned {target.text} {duration}: {reason}")


def _put_back(bans: ServerBans, target: BanTarget, before: ServerBan | None) -> None:
    """Restore the ban that was replaced by one that could not be stored."""
    bans.drop(target)
    if before:
        bans.put(before)


def _account_id(ctx: Context, target: BanTarget) -> str:
    """Return the id of the banned account, "" if the target is not an account. Raises IrcError if it does not exist."""
    if target.kind != ACCOUNT:
        return ""
    account_id = ctx.network.accounts.id_of(target.text)
    if not account_id:
        text = f"There is no account {target.text}: ban an address, a network, a mask nick!user@host or an account"
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text=text)
    return account_id


def _remove_command(ctx: Context, words: Sequence[str]) -> None:
    if not words:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "UBAN")
    _remove(ctx, _target(words[0]))


def _remove(ctx: Context, target: BanTarget) -> None:
    ban = ctx.network.protection.bans.get(target)
    if ban is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text=f"There is no ban on {target.text}")
    secure_ban(ctx, ban, lifted=True)
    ctx.network.protection.bans.drop(target)
    ctx.notice(f"{ban.target.text} is no longer banned")
    act(ctx, "UBAN", f"{ctx.nick} removed the ban on {ban.target.text}: {ban.reason}")


def _list(ctx: Context, words: Sequence[str]) -> None:
    kinds = [words[0].lower()] if words else [ADDRESS, MASK, ACCOUNT]
    bans = [ban for ban in ctx.network.protection.bans if ban.target.kind in kinds and ban.holds(ctx.now)]
    for ban in bans[-_LISTED:]:
        ctx.notice(_about(ctx, ban))
    note = f" (the last {_LISTED} are listed)" if len(bans) > _LISTED else ""
    ctx.notice(f"{len(bans)} ban{'s' * (len(bans) != 1)}{note}")


def _info(ctx: Context, words: Sequence[str]) -> None:
    if not words:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "UBAN")
    target = _target(words[0])
    bans = ctx.network.protection.bans
    candidates = [bans.get(target)]
    user = ctx.network.user(words[0])
    if target.kind == ADDRESS:
        candidates.append(bans.of_address(target.text, ctx.now))
    if user:
        origin = user.real_host if sees_addresses(ctx.user, ctx.network.settings) else user.host
        ctx.notice(f"{user.source} comes from {origin}, account {user.account or 'none'}")
        candidates += [bans.of_address(host, ctx.now) for host in hosts_of(user)]
        candidates.append(bans.of_account(user.account_id, ctx.now))
        candidates.append(bans.of_masks(user.nick, user.username, hosts_of(user), ctx.now))
    hits = [ban for ban in dict.fromkeys(candidates) if ban and ban.holds(ctx.now)]
    for ban in hits:
        ctx.notice(_about(ctx, ban))
    if not hits:
        ctx.notice(f"No ban on {words[0]}")


def _hitting(ctx: Context) -> list[ServerBan | None]:
    """Yield the bans that match the sender."""
    bans, user = ctx.network.protection.bans, ctx.user
    return [
        *[bans.of_address(session.host, ctx.now) for session in user.sessions],
        bans.of_account(user.account_id, ctx.now),
        bans.of_masks(user.nick, user.username, hosts_of(user), ctx.now),
    ]


def _about(ctx: Context, ban: ServerBan) -> str:
    left = f", {format_duration(max(1, (ban.until - ctx.now) // _SECOND))} left" if ban.until else ""
    return f"{ban.target.text} ({ban.target.kind}) by {ban.setter}, {in_words(ban.created)}{left}: {ban.reason}"


def _target(text: str, parse: Callable[[str], BanTarget] = parse_target) -> BanTarget:
    try:
        return parse(text)
    except TargetError as error:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "UBAN", text=str(error)) from error


def _address(text: str) -> BanTarget:
    target = parse_target(text)
    if target.kind != ADDRESS:
        raise TargetError(f"{text} is neither an IP address nor a network")
    return target


_SUBCOMMANDS: dict[str, Callable[[Context, Sequence[str]], None]] = {
    "ADD": _add_command,
    "DEL": _remove_command,
    "LIST": _list,
    "INFO": _info,
}


def _ban_address(ctx: Context, user: User, seconds: int, reason: str) -> None:
    if address(user.real_host).is_loopback:
        # shared by everybody on this machine, or behind a proxy that does not report addresses
        act(ctx, "UBAN", f"The spam filter did not ban {user.source}: the address is this machine's")
        return
    target, until = parse_target(user.real_host), ctx.now + seconds * _SECOND
    ban = ServerBan(target, ctx.network.settings.name, ctx.now, until, reason)
    secure_ban(ctx, ban)
    ctx.network.protection.bans.put(ban)
    act(ctx, "UBAN", f"The spam filter banned {ban.target.text} for {format_duration(seconds)}")
    enforce(ctx)


BANS.append(_ban_address)
