"""AWAY: whether a user is away. https://modern.ircdocs.horse/#away-message

With https://ircv3.net/specs/extensions/away-notify and https://ircv3.net/specs/extensions/pre-away: `AWAY *` means that
nobody sits at this connection. A connection is marked; others are told about the user, who is away if all their
connections are.
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
    """Mark a user as away, or with "" as back; those who see them are notified if that is a change."""
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
    """Update a user who may be away after a session was attached: the user is present, unless it says otherwise."""
    set_away(ctx, user, _of_all(user, ctx.session))
    if user.away:
        ctx.reply(Numeric.RPL_NOWAWAY)


def update_away(ctx: Context, user: User) -> None:
    """Update a user after a session has gone: they may be away at the others, or back."""
    set_away(ctx, user, _of_all(user))


def _of_all(user: User, latest: Session | None = None) -> str:
    """Return the away message of a user with these sessions. latest: the one that was changed last.

    "an away message of `*` should be treated as though the connection did not exist at all". A user without any session
    keeps the last message.
    """
    said = [session.away for session in user.sessions if session.away != _ABSENT]
    if not said:
        return user.away if user.away and not user.sessions else _ABSENT
    if "" in said:
        return ""
    return latest.away if latest and latest.away != _ABSENT else said[-1]
