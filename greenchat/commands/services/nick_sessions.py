"""NickServ for the connections of an account: list them, end them, regain a nickname."""

from greenchat.chat.tokens import PASSING, SESSION
from greenchat.chat.user import Session, User
from greenchat.commands.accounts.login import log_out
from greenchat.commands.accounts.nick_ownership import owns
from greenchat.commands.accounts.tokens import drop, token_revocation
from greenchat.commands.accounts.webpush import push_removal
from greenchat.commands.connection.nick import change_nick
from greenchat.commands.connection.quit import remove_session, remove_user
from greenchat.commands.connection.reattach import reattach
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import carry_out
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.services.nickserv import NICKSERV, own_account
from greenchat.protocol.times import in_words
from greenchat.values.durations import format_duration


@NICKSERV.command("SESSIONS", way=Way.HERE)
def sessions(ctx: Context, _: list[str]) -> None:
    """List the connections that are logged in to your account; LOGOUT ends one by its number, or all others."""
    tell(ctx, NICKSERV, *[_line(ctx, session) for session in sessions_of(ctx)])
    browsers = [token for token in ctx.network.tokens.of(own_account(ctx)) if token.kind == SESSION]
    since = [in_words(token.created) for token in browsers if token.holds(ctx.now)]
    if since:
        tell(ctx, NICKSERV, f"Browsers that are signed in, since {', '.join(since)}: LOGOUT OTHERS signs them out")


def sessions_of(ctx: Context) -> list[Session]:
    """Return the sessions logged in to the sender's account, the oldest first. Raises ServiceError."""
    account = own_account(ctx)
    return [session for session in ctx.network.sessions if session.account == account.name]


def _line(ctx: Context, session: Session) -> str:
    user = session.user
    who = user.source if user else "(not yet registered)"
    own = " (this one)" if session is ctx.session else ""
    tls = " over TLS" if session.secure else ""
    idle = max(0, ctx.now - (session.active or session.now)) // 1000
    since = f"since {in_words(session.now)}, idle for {format_duration(idle) if idle else 'no time'}"
    return f"#{session.number}{own}  {who} from {session.host}{tls}, {since}"


@NICKSERV.command("LOGOUT", "[<number|OTHERS|ALL>]")
def logout(ctx: Context, words: list[str]) -> None:
    """Log out, or end another connection of your account (its number in SESSIONS), all others, or all."""
    account = own_account(ctx)
    if not words:
        if ctx.session.token:
            drop(ctx, ctx.session.token)
        log_out(ctx)
        tell(ctx, NICKSERV, "You are now logged out")
        return
    choice = words[0].upper().removeprefix("#")
    mine = sessions_of(ctx)
    chosen = [
        session
        for session in mine
        if (choice == str(session.number) or choice in ("OTHERS", "ALL")) and session is not ctx.session
    ]
    if not chosen and choice not in ("OTHERS", "ALL"):
        raise ServiceError("There is no other connection with that number: see SESSIONS")
    # otherwise a browser would log in again automatically
    carry_out(ctx, token_revocation(ctx, account, SESSION, *PASSING), push_removal(ctx, account))
    end_sessions(ctx, chosen)
    tell(ctx, NICKSERV, f"{len(chosen)} other connection{'s' * (len(chosen) != 1)} ended")
    if choice == "ALL":
        log_out(ctx)
        tell(ctx, NICKSERV, "You are now logged out")


def end_sessions(ctx: Context, chosen: list[Session]) -> None:
    """End connections of the sender's own account."""
    for session in chosen:
        who = session.user.source if session.user else "(not yet registered)"
        note(ctx, "NICKSERV", f"{ctx.nick} ended the connection #{session.number} of their account: {who}")
        ctx.close(session, "Ended by the owner of the account")
        remove_session(ctx, session, "Ended by the owner of the account")


@NICKSERV.command("REGAIN", "[<nick>]")
def regain(ctx: Context, words: list[str]) -> None:
    """Take your nickname back from another user, and change to it.

    If the other user is you, with another connection or without one, you resume that session with its channels.
    """
    nick = words[0] if words else ctx.session.account
    holder = _holder(ctx, nick)
    if holder is not None and owns(ctx, holder):
        reattach(ctx, holder)
        return
    _end(ctx, holder)
    if ctx.user.nick != nick:
        change_nick(ctx, ctx.user, nick)


@NICKSERV.command("GHOST", "<nick>")
def ghost(ctx: Context, words: list[str]) -> None:
    """Disconnect the connections that use your nickname or, with your current nick, your other connections."""
    holder = _holder(ctx, words[0])
    if ctx.network.holder(words[0]) is ctx.user:
        others = [session for session in ctx.user.sessions if session is not ctx.session]
        end_sessions(ctx, others)
        ended = f"{len(others)} other connection{'s' * (len(others) != 1)} of yours ended"
        tell(ctx, NICKSERV, f"{ctx.user.nick} is your own nickname: {ended}")
        return
    if holder is None:
        tell(ctx, NICKSERV, f"{words[0]} is not in use")
        return
    count = len(holder.sessions)
    _end(ctx, holder)
    tell(ctx, NICKSERV, f"{words[0]} is available: {count} connection{'s' * (count != 1)} ended")


def _holder(ctx: Context, nick: str) -> User | None:
    """Return another user of the sender's nick, if any. Raises ServiceError if the nick is not the sender's."""
    account = own_account(ctx)
    owner = ctx.network.accounts.claimant_of(nick)
    if owner is None or owner.name != account.name:
        raise ServiceError("That nickname does not belong to your account")
    holder = ctx.network.holder(nick)
    return None if holder is ctx.user else holder


def _end(ctx: Context, holder: User | None) -> None:
    """Remove a user for good, even an always-on one."""
    if holder is None:
        return
    note(ctx, "NICKSERV", f"{ctx.nick} took the nickname of {ctx.session.account} from {holder.source}")
    reason = f"{ctx.user.nick} regained their nickname"
    for session in list(holder.sessions):
        ctx.close(session, reason)
    remove_user(ctx, holder, reason)
