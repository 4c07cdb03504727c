"""FILEHOST: a token with which a client uploads a file for its account.

The newer draft of the specification requires it; with `soju.im/FILEHOST` clients use the account's password.
https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
"""

from greenchat.chat.tokens import UPLOAD
from greenchat.commands.accounts.tokens import make
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.registry import Way, command

_LASTS = 300_000  # ms


@command("FILEHOST", params=1, way=Way.STEPS)
def filehost(ctx: Context) -> None:
    """FILEHOST TOKEN

    Get a token for one upload. Clients do this for you; the upload address is the ISUPPORT token FILEHOST.
    """
    if ctx.message.params[0].upper() != "TOKEN":
        raise FailError("FILEHOST", "INVALID_PARAMS", text="The only subcommand is FILEHOST TOKEN")
    if not ctx.network.settings.files.enabled:
        raise FailError("FILEHOST", "DISABLED", text="This server does not accept files")
    account = ctx.network.accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None or not account.usable:
        raise FailError("FILEHOST", "ACCOUNT_REQUIRED", text="You have to be logged in to upload files")
    ctx.respond(ctx.envelope("FILEHOST", "TOKEN", make(ctx, account, UPLOAD, lasts=_LASTS)))
