"""AWAY: marks a user as away. https://modern.ircdocs.horse/#away-message

With https://ircv3.net/specs/extensions/away-notify and https://ircv3.net/specs/extensions/pre-away: `AWAY *` means that
nobody reads this connection. Each connection has its own mark; the user is away if all connections are.
"""

from greenchat.chat.channel import Channel
from greenchat.chat.user import Session, User
from greenchat.commands.core.announce import announce, announce_text
from greenchat.commands.core.channel_rate_limits import may_show_text
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_readable_away
from greenchat.commands.core.registry import command
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric

_ABSENT = "*"
_SOMEHOW = "Away"  # for channels in which the user may not speak


@command("AWAY", anytime=True)
def away(ctx: Context) -> None:
    """AWAY [<text>]

    Mark yourself as away: users who write to you get the text. Without a text: mark yourself as back. The text is not
    sent to members of channels in which you may not speak.
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
    was_away = user.away != ""
    ctx.network.set_away(user, text)
    envelope = _away(ctx, user, text)
    for session in user.sessions:
        if session is not ctx.session:
            ctx.send(session, envelope)
    if text in ("", _ABSENT):
        announce(ctx, user, envelope)
    else:
        announce_text(ctx, user, envelope, None if was_away else _away(ctx, user, _SOMEHOW))


def away_in(ctx: Context, user: User, channel: Channel) -> Envelope:
    """Return the message that tells the members of a channel that a user is away."""
    is_shown = user.away == _ABSENT or may_show_text(ctx, user, channel, "AWAY", user.away)
    return _away(ctx, user, user.away if is_shown else _SOMEHOW)


def _away(ctx: Context, user: User, text: str) -> Envelope:
    return ctx.envelope("AWAY", *([text] if text else []), source=user, needs=caps.AWAY_NOTIFY)


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
    marks = [session.away for session in user.sessions if session.away != _ABSENT]
    if not marks:
        return user.away if user.away and not user.sessions else _ABSENT
    if "" in marks:
        return ""
    return latest.away if latest and latest.away != _ABSENT else marks[-1]
