"""Steps of the shell commands, proposed by the control socket.

Anyone who may use the socket owns the server's files, and so has every right; the audit log calls them "the shell".
"""

from greenchat.chat.protection.server_bans import ACCOUNT, BanTarget, ServerBan, TargetError, parse_target
from greenchat.commands.connection.ban_enforcement import enforce, secure_ban
from greenchat.commands.connection.lost_connections import disconnect, why_not_ended
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.steps import step
from greenchat.storage.interface import StoreError
from greenchat.values.durations import format_duration

_SECOND = 1000  # ms
_SETTER = "shell"


class ShellError(Exception):
    """The command can't be carried out; the text says why, in one line."""


@step("shell.kick")
def kick(ctx: Context, nick: str, reason: str) -> int:
    """Disconnect a user, and return the number of closed connections. Raises ShellError."""
    user = ctx.network.user(nick)
    if user is None:
        raise ShellError(f"there is no user {nick}")
    if refusal := why_not_ended(ctx, user):
        raise ShellError(refusal)
    quit_reason = f"Killed ({reason or 'by the administrator'})"
    farewell = f"Closing Link: {ctx.network.settings.name} ({quit_reason})"
    act(ctx, "KILL", f"{user.source} was disconnected from the shell: {reason or 'no reason given'}")
    return disconnect(ctx, user, farewell, quit_reason)


@step("shell.ban")
def ban(ctx: Context, target: str, seconds: int, reason: str) -> int:
    """Ban a target of UBAN, and return the number of closed connections. seconds: 0 for ever. Raises ShellError."""
    bans = ctx.network.protection.bans
    parsed = _target(target)
    if not set(parsed.text) - set("*?!@"):
        raise ShellError(f"{parsed.text} matches everybody: to close the server, use [listen] or DEFCON")
    if len(bans) >= ctx.network.settings.limits.bans and bans.get(parsed) is None:
        raise ShellError("there are too many bans")
    account_id = ctx.network.accounts.id_of(parsed.text) if parsed.kind == ACCOUNT else ""
    if parsed.kind == ACCOUNT and not account_id:
        if ctx.network.user(parsed.text):
            raise ShellError(f"{parsed.text} has no account: ban their address (see `clients`), or {parsed.text}!*@*")
        raise ShellError(f"there is no account {parsed.text}; ban an address, a network, a mask or an account")
    until = ctx.now + seconds * _SECOND if seconds else 0
    made = ServerBan(parsed, _SETTER, ctx.now, until, reason or "No reason given", account_id or "")
    try:
        secure_ban(ctx, made)
    except StoreError as error:
        raise ShellError(f"the ban can't be stored: {error}") from error
    bans.put(made)
    duration = f"for {format_duration(seconds)}" if seconds else "for ever"
    act(ctx, "UBAN", f"{parsed.text} was banned {duration} from the shell: {made.reason}")
    return enforce(ctx)


@step("shell.unban")
def unban(ctx: Context, target: str) -> None:
    """Lift a ban. Raises ShellError."""
    ban = ctx.network.protection.bans.get(_target(target))
    if ban is None:
        raise ShellError(f"there is no ban on {target}")
    try:
        secure_ban(ctx, ban, lifted=True)
    except StoreError as error:
        raise ShellError(f"that can't be stored: {error}") from error
    ctx.network.protection.bans.drop(ban.target)
    act(ctx, "UBAN", f"The ban on {ban.target.text} was removed from the shell: {ban.reason}")


@step("shell.announce")
def announce(ctx: Context, text: str) -> int:
    """Send a NOTICE of the server to everybody; return the number of recipients."""
    users = [user for user in ctx.network.users.values() if user.sessions]
    for user in users:
        ctx.deliver(user, ctx.envelope("NOTICE", user.nick, text))
    act(ctx, "ANNOUNCE", f"Announced from the shell: {text}")
    return len(users)


def _target(text: str) -> BanTarget:
    try:
        return parse_target(text)
    except TargetError as error:
        raise ShellError(f"{text} can't be banned: {error}") from error
