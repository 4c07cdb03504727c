"""ACCEPT: the list of users who may write to a user with mode +g; for blocking see `users.reach`.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt
"""

from greenchat.chat import caller_id
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.registry import command
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import wrap

_MOST = 13  # nicks a line: a message has 15 parameters


@command("ACCEPT", params=1)
def accept(ctx: Context) -> None:
    """ACCEPT <nick>{,-<nick>} | *

    Accept private messages from a user while you have user mode +g (MODE yournick +g), which blocks those of all
    others; -nick removes a user, * lists them. Accounts stay on the list under any nickname, and permanently if you
    have an account, too; other users stay until they leave.
    """
    for word in ctx.message.params[0].split(","):
        try:
            if word == "*":
                _list(ctx)
            elif word.startswith("-"):
                _remove(ctx, word[1:])
            elif word:
                _add(ctx, word.removeprefix("+"))
        except IrcError as error:
            ctx.refuse(error)


def _list(ctx: Context) -> None:
    names = caller_id.listed(ctx.network, ctx.user).values()
    for line in wrap(names, ctx.room(Numeric.RPL_ACCEPTLIST.command, ctx.nick), _MOST):
        ctx.reply(Numeric.RPL_ACCEPTLIST, *line)
    ctx.reply(Numeric.RPL_ENDOFACCEPT)


def _add(ctx: Context, nick: str) -> None:
    network, owner = ctx.network, ctx.user
    user = network.user(nick)
    account = network.accounts.get(user.account) if user else network.accounts.owner_of_nick(nick)
    if account:
        key, name = account.id, account.name
    elif user:
        key, name = user.identity, user.nick
    else:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    _forget_those_who_left(ctx)
    on_list = caller_id.listed(network, owner)
    if key in on_list:
        raise IrcError(Numeric.ERR_ACCEPTEXIST, nick)
    if len(on_list) >= network.settings.limits.accept:
        raise IrcError(Numeric.ERR_ACCEPTFULL)
    own = network.accounts.get(owner.account)
    if own and account:
        change_account(ctx, own.name, accepted=(*caller_id.kept(network, owner), key))
    else:
        owner.caller_id.accepted[key] = name


def _remove(ctx: Context, nick: str) -> None:
    network, owner = ctx.network, ctx.user
    user = network.user(nick)
    keys = {user.identity, user.guest_id} if user else set()
    folded = network.fold(nick)
    keys |= {key for key, name in caller_id.listed(network, owner).items() if network.fold(name) == folded}
    kept = keys & caller_id.kept(network, owner).keys()
    if not keys & caller_id.listed(network, owner).keys():
        raise IrcError(Numeric.ERR_ACCEPTNOT, nick)
    own = network.accounts.get(owner.account) if kept else None
    if own:
        change_account(ctx, own.name, accepted=tuple(key for key in own.accepted if key not in kept))
    for key in keys:
        owner.caller_id.accepted.pop(key, None)


def _forget_those_who_left(ctx: Context) -> None:
    """Remove guests who have left, since they can't return as the same guest."""
    network, owner = ctx.network, ctx.user
    if len(owner.caller_id.accepted) >= network.settings.limits.accept:
        here = {user.guest_id for user in network.users.values()}
        by_id = network.accounts.by_id
        owner.caller_id.accepted = {
            key: name for key, name in owner.caller_id.accepted.items() if key in here or by_id(key)
        }
