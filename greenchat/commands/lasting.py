"""Where those who stay without a connection are, kept as it changes, so that a restart puts them back there."""

from ..chat.always_on import document, stays
from .context import Context


def keep_presences(ctx: Context) -> None:
    """Have it stored where those who stay are now."""
    network = ctx.network
    for user in list(network.moved):
        if network.user(user.nick) is user and stays(network, user):
            ctx.keep("presence", network.fold(user.account), document(network, user))
    network.moved.clear()


def forget_presence(ctx: Context, account: str) -> None:
    """Somebody does not stay any more."""
    ctx.keep("presence", ctx.network.fold(account), None)
