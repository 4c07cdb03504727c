"""Who has written more than may be kept in a minute, or what the disk has room for, is told so before anything is done.

That is asked where the sender is connected, before the command becomes an act of the log: whoever applies that later
asks nothing.
"""

from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.values.durations import format_duration

_SECOND = 1000  # ms


def require_volume(ctx: Context, *, debt: int = 0) -> None:
    """Check that the sender may add to the history now. Raises FailError.

    debt: bytes that they may have written beyond their last portion: events are short, and whoever has said too much
    may still come and go. A NOTICE is answered, too: as when it could not be stored, the sender has to know that
    nobody got it.
    """
    session = ctx.session
    if session.room > -debt:
        return
    volumes = ctx.network.local.volumes
    account = session.user.account_id if session.user else ""
    command = ctx.message.command
    if volumes.only_accounts and not account:
        ctx.quiet = False
        text = "The server's disk is nearly full: only users with an account can send messages"
        raise FailError(command, "TEMPORARILY_UNAVAILABLE", text=text)
    wait = volumes.draw(session, account, ctx.now)
    if wait:
        ctx.quiet = False
        text = f"You are sending too much: try again in {format_duration(-(-wait // _SECOND))}"
        raise FailError(command, "RATE_LIMITED", text=text)
