"""The removal of accounts: by their owner (DROP), by an operator (ERASE).

Everybody who is logged in to it is logged out, also on connections that have not registered; a user without a
connection leaves. Nothing that was the account's passes to the next one of its name, see `chat.accounts`.
"""

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.login import mask
from greenchat.commands.connection.quit import depart
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import forget_account, reserve_name
from greenchat.commands.users.identity import set_account
from greenchat.protocol.numerics import Numeric


def remove_account(ctx: Context, account: Account) -> None:
    """End an account; its name stays reserved, see `persistence.free_name`."""
    network = ctx.network
    members = network.users_of(account.name)
    forget_account(ctx, account)
    reserve_name(ctx, account)
    folded = network.fold(account.name)
    for session in [session for session in network.sessions if network.fold(session.account) == folded]:
        session.account = ""
        session.sasl = None
        aside = ctx if session is ctx.session else ctx.aside(session)
        aside.reply(Numeric.RPL_LOGGEDOUT, mask(aside))
    for user in members:
        if user.sessions:
            set_account(ctx, user, "")
        else:
            depart(ctx, user, "The account was deleted")
