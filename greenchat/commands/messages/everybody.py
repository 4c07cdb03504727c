"""Messages of operators to everybody: PRIVMSG and NOTICE to a server mask.

https://www.rfc-editor.org/rfc/rfc2812#section-3.3.1; "the message is a broadcast sent to all clients on one or multiple
servers": https://modern.ircdocs.horse/#privmsg-message
"""

from greenchat.commands.core.audit_log import record
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import require_right
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.numerics import Numeric
from greenchat.values.masks import glob


def require_mask(ctx: Context, target: str) -> None:
    """Check that the sender may write to all users of a server mask. Raises 723, 413, 414 or 401.

    "The mask MUST have at least 1 (one) "." in it and no wildcards following the last "." ... to prevent people sending
    messages to "#*" or "$*", which would broadcast to all users."
    """
    require_right(ctx, "announce")
    mask = target[1:]
    _, dot, top = mask.rpartition(".")
    if not dot:
        raise IrcError(Numeric.ERR_NOTOPLEVEL, target)
    if set(top) & set("*?"):
        raise IrcError(Numeric.ERR_WILDTOPLEVEL, target)
    if not glob(mask, ctx.network.settings.name):
        raise IrcError(Numeric.ERR_NOSUCHNICK, target)


def tell_everybody(ctx: Context, envelope: Envelope) -> None:
    """Send a message to all connected users; like a WALLOPS it is not stored."""
    message = envelope.message
    record(ctx, "ANNOUNCE", f"{ctx.nick} told everybody: {message.params[-1]}")
    for user in ctx.network.users.values():
        for session in user.sessions:
            if session is not ctx.session or session.caps & caps.ECHO_MESSAGE:
                ctx.send(session, envelope)
