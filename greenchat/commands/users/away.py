"""AWAY: marks a user as away. https://modern.ircdocs.horse/#away-message

With https://ircv3.net/specs/extensions/away-notify and https://ircv3.net/specs/extensions/pre-away: `AWAY *` means that
nobody reads this connection. Each connection has its own mark; the user is away if all connections are.
"""

from greenchat.chat.user import Session, User
from greenchat.commands.core.announce import announce
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_readable_away
from greenchat.commands.core.registry import command
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric

_ABSENT = "*"


@command("AWAY", anytime=True)
def away(ctx: Context) -> None:
    """AWAY [<text>]

    Mark yourself as away: users who write to you get the text. Without a text: mark yourself as back.
    """
    session = ctx.session
    if session.user is None and not session.caps & caps.PRE_AWAY:
        raise IrcError(Numeric.ERR_NOTREGISTERED)
    text = ctx.message.params[0] if ctx.message.params else ""
    text = text[: ctx.network.settings.limits.away]
    require_readable_away(ctx.network.settings, text, session.user.host if session.user else session.host)
    session.away = text
    ctx.reply(Numeric.RPL_NOWAWAY if session.away else Numeric.RPL_UNAWAY)
    if session.user is not None:
        set_away(ctx, session.user, _of_all(session.user, session))


def set_away(ctx: Context, user: User, text: str) -> None:
    """Mark a user as away, or with "" as back, and notify peers of a change."""
    if text == user.away:
        return
    ctx.network.set_away(user, text)
    params = (text,) if text else ()
    envelope = ctx.envelope("AWAY", *params, source=user, needs=caps.AWAY_NOTIFY)
    for session in user.sessions:
        if session is not ctx.session:
            ctx.send(session, envelope)
    announce(ctx, user, envelope)


def arrive(ctx: Context, user: User) -> None:
    """Update a user after a session was attached: the user is present, unless that session is away."""
    set_away(ctx, user, _of_all(user, ctx.session))
    if user.away:
        ctx.reply(Numeric.RPL_NOWAWAY)


def update_away(ctx: Context, user: User) -> None:
    """Update a user after a session has ended, by the marks of the others."""
    set_away(ctx, user, _of_all(user))


def _of_all(user: User, latest: Session | None = None) -> str:
    """Return the away message of a user by all sessions. latest: the session that was changed last.

    "an away message of `*` should be treated as though the connection did not exist at all". A user without any session
    keeps the last message.
    """
    said = [session.away for session in user.sessions if session.away != _ABSENT]
    if not said:
        return user.away if user.away and not user.sessions else _ABSENT
    if "" in said:
        return ""
    return latest.away if latest and latest.away != _ABSENT else said[-1]
