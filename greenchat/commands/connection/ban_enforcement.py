"""Enforces server bans when a user connects, logs in or changes nick.

Connected operators are never removed by a ban, since they could not undo it.
"""

from greenchat.chat import documents
from greenchat.chat.protection.server_bans import ServerBan, ServerBans
from greenchat.chat.user import Session, User
from greenchat.commands.connection.quit import remove_session, remove_user
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.clock_jump import last_before
from greenchat.commands.core.context import Context
from greenchat.commands.core.steps import step
from greenchat.protocol.numerics import Numeric


def ban_of(ctx: Context, session: Session, among: ServerBans | None = None) -> ServerBan | None:
    """Return the ban that matches a session's address, account or mask. among: all by default."""
    bans = ctx.network.protection.bans if among is None else among
    if not bans:
        return None
    user = session.user
    ban = bans.of_address(session.host, ctx.now)
    account_id = user.account_id if user else ctx.network.accounts.id_of(session.account)
    ban = ban or bans.of_account(account_id, ctx.now)
    if ban:
        return ban
    if user:
        return bans.of_masks(user.nick, user.username, hosts_of(user), ctx.now)
    hosts = (ctx.network.protection.cloaks.host(session.host), session.host)
    return (
        bans.of_masks(session.registration.nick, session.registration.username, hosts, ctx.now)
        if session.registration.nick
        else None
    )


def hosts_of(user: User) -> tuple[str, ...]:
    """Return all hosts of a user that masks are compared with, once each."""
    return tuple({user.host: None, user.real_host: None, **{session.host: None for session in user.sessions}})


def disconnect_banned(ctx: Context, session: Session, ban: ServerBan) -> None:
    """Close a connection because of a ban; its user leaves with the last one."""
    ctx.send(session, ctx.numeric(_nick(session), Numeric.ERR_YOUREBANNEDCREEP, text=ban.message))
    ctx.close(session, f"Closing Link: {ctx.network.settings.name} ({ban.message})")
    user = session.user
    if user is not None and len(user.sessions) == 1:
        remove_user(ctx, user, "Banned")
    else:
        remove_session(ctx, session, "Banned")


def enforce(ctx: Context, ban: ServerBan | None = None) -> int:
    """Close the connections of all banned users but operators; return their number. ban: the only new one."""
    bans = ctx.network.protection.bans.alone(ban) if ban else ctx.network.protection.bans
    count = 0
    for session in list(ctx.network.sessions):
        # closing sessions count, too: only their own node knows that they are
        if session.closing if session.user is None else "o" in session.user.modes:
            continue
        hit = ban_of(ctx, session, bans)
        if hit:
            disconnect_banned(ctx, session, hit)
            count += 1
    for user in list(ctx.network.users.values()):
        if not user.sessions and _is_unwanted(ctx, user, bans):
            remove_user(ctx, user, "Banned")
    return count


def _is_unwanted(ctx: Context, user: User, bans: ServerBans) -> bool:
    """Whether a ban matches a user without a connection, by account or mask.

    A ban on an address does not, since such a user has none.
    """
    by_name = bans.of_masks(user.nick, user.username, (user.host, user.real_host), ctx.now)
    return bool(by_name or bans.of_account(user.account_id, ctx.now))


def _nick(session: Session) -> str:
    return session.user.nick if session.user else session.registration.nick or "*"


@step("bans.expire")
def let_expire(ctx: Context) -> None:
    """Remove expired bans."""
    for ban in ctx.network.protection.bans.expire(ctx.now):
        forget_ban(ctx, ban)
        act(ctx, "UBAN", f"The ban on {ban.target.text} has expired: {ban.reason}")


@step("bans.shift")
def shift(ctx: Context, jump: int) -> None:
    """Adjust the bans to a jump of the clock, so that they keep their duration."""
    moved = ctx.network.protection.bans.shift(jump, before=last_before(ctx.now, jump))
    for ban in moved:
        keep_ban(ctx, ban)
    if moved:
        enforce(ctx)  # for users who connected meanwhile


def keep_ban(ctx: Context, ban: ServerBan) -> None:
    """Store a ban."""
    ctx.keep(documents.BAN, ctx.network.protection.bans.key(ban.target), ban.document())


def forget_ban(ctx: Context, ban: ServerBan) -> None:
    """Remove a ban from the store."""
    ctx.keep(documents.BAN, ctx.network.protection.bans.key(ban.target), None)


def secure_ban(ctx: Context, ban: ServerBan, *, lifted: bool = False) -> None:
    """Store a ban, or its removal, before confirming it to an operator. Raises StoreError."""
    ctx.secure(documents.BAN, ctx.network.protection.bans.key(ban.target), None if lifted else ban.document())
