"""Whether a user accepts text from another one: the one check for all commands that send text.

It covers all messages to a user, including invitations and reasons. For messages to a channel see `policy.may_speak`.
"""

from greenchat.chat import caller_id, policy
from greenchat.chat.user import User
from greenchat.commands.core.announce import caused_by
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.protocol.numerics import Numeric

_INFORMED_EVERY = 60_000  # ms: "The target of the message will only receive one notification per minute"


def accepts_text(ctx: Context, target: User, text: str = "") -> bool:
    """Whether the target accepts text from the sender. text: of a message.

    If not, by user mode +R, +T or +g, the sender is told, and with +g from time to time the target.
    """
    refusal = _refusal(ctx, target, text)
    if refusal is not None:
        ctx.refuse(IrcError(refusal.numeric, target.nick, text=refusal.text))
        return False
    if caller_id.accepts(ctx.network, target, ctx.user):
        return True
    ctx.refuse(IrcError(Numeric.ERR_TARGUMODEG, target.nick))
    # typing notifications cause no notice, and a target without a connection gets none
    is_due = ctx.message.command != "TAGMSG" and target.sessions
    if is_due and not 0 <= ctx.now - target.caller_id.informed < _INFORMED_EVERY:
        target.caller_id.informed = ctx.now
        informed = (ctx.user.nick, f"{ctx.user.username}@{ctx.user.host}")
        ctx.deliver(target, caused_by(ctx.user, ctx.numeric(target.nick, Numeric.RPL_UMODEGMSG, *informed)))
        ctx.refuse(IrcError(Numeric.RPL_TARGNOTIFY, target.nick))
    return False


def would_accept_text(ctx: Context, target: User) -> bool:
    """Whether the target would accept text from the sender, without telling anybody."""
    return _refusal(ctx, target) is None and caller_id.accepts(ctx.network, target, ctx.user)


def _refusal(ctx: Context, target: User, text: str = "") -> policy.Refusal | None:
    through = bool(target.modes) and caller_id.is_on_list(ctx.network, target, ctx.user)
    return policy.may_message(ctx.user, target, text, is_accepted=through)
