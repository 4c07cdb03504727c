"""Actions of operators and members: reported to operators with mode +s, and written to the audit log."""

from greenchat.chat.user import Session
from greenchat.commands.core.context import Context
from greenchat.protocol.times import format_time


def tell_operators(ctx: Context, text: str) -> None:
    """Send a notice to every user with mode +s."""
    for user in ctx.network.users.values():
        if "s" in user.modes:
            ctx.deliver(user, ctx.envelope("NOTICE", user.nick, f"*** {text}"))
    channel = ctx.network.channel(ctx.network.settings.moderation.channel)
    if channel is not None:
        ctx.broadcast(channel, ctx.envelope("NOTICE", channel.name, f"*** {text}"))


def act(ctx: Context, action: str, text: str) -> None:
    """Report and record an action of an operator, or an attempt to become one.

    action: a keyword for searches, usually the command. text: a sentence that names the operator.
    """
    tell_operators(ctx, text)
    record(ctx, action, text)


def record(ctx: Context, action: str, text: str) -> None:
    """Record an action without reporting it: time, action, user (with operator name and origin), and text."""
    user = ctx.session.user
    who = f"{_origin(ctx.session)} ({user.oper or 'no operator'})" if user else "the server"
    ctx.process.audit.write(f"{format_time(ctx.now)} {action} {who}: {_one_line(text)}")


def note(ctx: Context, action: str, text: str) -> None:
    """Record an action of a member that may be asked about later, with the member's account and origin."""
    session = ctx.session
    account = session.user.account if session.user else session.account
    who = f"{_origin(session)} ({account or 'no account'})"
    ctx.process.moderation.write(f"{format_time(ctx.now)} {action} {who}: {_one_line(text)}")


def _origin(session: Session) -> str:
    who = session.user or session.registration
    return f"{who.nick or '*'}!{who.username or '*'}@{session.host}"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
