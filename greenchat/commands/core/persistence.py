"""What is kept of people as it changes: their accounts, and where those are who stay without a connection."""

from greenchat.chat import documents
from greenchat.chat.accounts import Account
from greenchat.chat.always_on import document, stays
from greenchat.commands.core.context import Context


def keep_presences(ctx: Context) -> None:
    """Have it stored where those who stay are now."""
    network = ctx.network
    for user in list(network.moved):
        if network.user(user.nick) is user and stays(network, user):
            ctx.keep(documents.PRESENCE, network.fold(user.account), document(network, user))
    network.moved.clear()


def forget_presence(ctx: Context, account: str) -> None:
    """Somebody does not stay any more."""
    ctx.keep(documents.PRESENCE, ctx.network.fold(account), None)


def change_account(ctx: Context, name: str, **changes: object) -> Account:
    """Change fields of an account, and have that stored. Raises KeyError where there is none."""
    account = ctx.network.accounts.change(name, **changes)
    keep_account(ctx, account)
    return account


def forget_account(ctx: Context, account: Account) -> None:
    """There is no such account any more; who takes its name is somebody else, whom nobody has accepted yet."""
    fold = ctx.network.fold
    folded = fold(account.name)
    ctx.network.accounts.drop(account.name)
    ctx.network.familiar.forget(folded)
    ctx.keep(documents.ACCOUNT, folded, None)
    for other in ctx.network.accounts:
        accepted = tuple(name for name in other.accepted if fold(name) != folded)
        if accepted != other.accepted:
            change_account(ctx, other.name, accepted=accepted)
    for user in ctx.network.users.values():
        user.accepted.pop(folded, None)


def keep_account(ctx: Context, account: Account) -> None:
    """Have an account stored as it is now."""
    ctx.keep(documents.ACCOUNT, ctx.network.fold(account.name), account.document())
