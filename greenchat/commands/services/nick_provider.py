"""NickServ PROVIDER: logins of identity providers and directories that are linked to the account.

Logging in there while logged in here makes a link, see `accounts.external_accounts` and `accounts.bearer`.
"""

from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.services.nickserv import NICKSERV, own_account

_USAGE = "Usage: PROVIDER LIST, or PROVIDER DEL <number>"
_LAST_WAY_IN = (
    "This link is the only way to log in to your account, since it has no password. Set one first: with SENDPASS, if"
    " this server sends mail, or ask an operator"
)


@NICKSERV.command("PROVIDER", "[<LIST|DEL>] [<number>]")
def provider(ctx: Context, words: list[str]) -> None:
    """List the identity provider logins that are linked to your account, or remove one by its number.

    To add a link, log in at the provider from the web page while you are logged in here.
    """
    account = own_account(ctx)
    action = words[0].upper() if words else "LIST"
    if action == "LIST":
        links = [f"{number}: {subject}" for number, subject in enumerate(account.subjects, 1)]
        tell(ctx, NICKSERV, *(links or ("Your account is not linked to a provider",)))
        return
    if action != "DEL" or len(words) < 2:
        raise ServiceError(_USAGE)
    number = int(words[1]) if words[1].isascii() and words[1].isdecimal() and len(words[1]) < 4 else 0
    if not 1 <= number <= len(account.subjects):
        raise ServiceError("There is no link with that number: see PROVIDER LIST")
    if not (account.verifier or account.certificates or len(account.subjects) > 1):
        raise ServiceError(_LAST_WAY_IN)
    subject = account.subjects[number - 1]
    change_account(ctx, account.name, subjects=tuple(each for each in account.subjects if each != subject))
    note(ctx, "NICKSERV", f"{ctx.nick} ended the link of the account {account.name} to {subject}")
    tell(ctx, NICKSERV, f"{subject} can no longer log in to your account")
