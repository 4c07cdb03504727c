"""Refuses commands of users who have exceeded their history per minute, or if the disk is nearly full.

The sender's node checks that before the command becomes an act of the log; applying the act checks nothing.
"""

from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.values.durations import format_duration

_SECOND = 1000  # ms


def require_history_quota(ctx: Context, *, debt: int = 0) -> None:
    """Check that the sender may add to the history now. Raises FailError.

    debt: bytes allowed beyond the last portion: events are short, and a user who is out of it may still join and part.
    A NOTICE is answered, too: as with a failing store, the sender has to know that nobody got it.
    """
    session = ctx.session
    if session.room > -debt:
        return
    quota = ctx.network.local.history_quota
    account = session.user.account_id if session.user else ""
    command = ctx.message.command
    if quota.only_accounts and not account:
        ctx.quiet = False
        text = "The server's disk is nearly full: only users with an account can send messages"
        raise FailError(command, "TEMPORARILY_UNAVAILABLE", text=text)
    wait = quota.draw(session, account, ctx.now)
    if wait:
        ctx.quiet = False
        text = f"You are sending too much: try again in {format_duration(-(-wait // _SECOND))}"
        raise FailError(command, "RATE_LIMITED", text=text)
