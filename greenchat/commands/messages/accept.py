"""ACCEPT: the list of users who may write to a user with mode +g; for blocking see `users.message_acceptance`.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt
"""

from dataclasses import dataclass

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
    draft = _Draft(caller_id.stored_entries(ctx.network, ctx.user), dict(ctx.user.caller_id.accepted))
    answers: list[IrcError | list[str]] = []
    for word in ctx.message.params[0].split(","):
        try:
            if word == "*":
                answers.append(list(draft.listed.values()))
            elif word.startswith("-"):
                _remove(ctx, draft, word[1:])
            elif word:
                _add(ctx, draft, word.removeprefix("+"))
        except IrcError as error:
            answers.append(error)
    _store(ctx, draft)
    for answer in answers:
        if isinstance(answer, IrcError):
            ctx.refuse(answer)
        else:
            _show(ctx, answer)


@dataclass(slots=True)
class _Draft:
    """The list as the command would leave it: all of it is stored together, or nothing.

    kept: accounts, in the account of the owner; others: while they are connected. Names by key, as in `caller_id`.
    """

    stored: dict[str, str]
    others: dict[str, str]

    @property
    def listed(self) -> dict[str, str]:
        """The whole list."""
        return self.stored | self.others


def _show(ctx: Context, names: list[str]) -> None:
    for line in wrap(names, ctx.room(Numeric.RPL_ACCEPTLIST.command, ctx.nick), _MOST):
        ctx.reply(Numeric.RPL_ACCEPTLIST, *line)
    ctx.reply(Numeric.RPL_ENDOFACCEPT)


def _add(ctx: Context, draft: _Draft, nick: str) -> None:
    network = ctx.network
    user = network.user(nick)
    account = network.accounts.get(user.account) if user else network.accounts.owner_of_nick(nick)
    if account:
        key, name = account.id, account.name
    elif user:
        key, name = user.identity, user.nick
    else:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    if len(draft.others) >= network.settings.limits.accept:
        draft.others = _still_here(ctx, draft.others)
    if key in draft.listed:
        raise IrcError(Numeric.ERR_ACCEPTEXIST, nick)
    if len(draft.listed) >= network.settings.limits.accept:
        raise IrcError(Numeric.ERR_ACCEPTFULL)
    is_kept = account and network.accounts.get(ctx.user.account)
    (draft.stored if is_kept else draft.others)[key] = name


def _remove(ctx: Context, draft: _Draft, nick: str) -> None:
    network = ctx.network
    user = network.user(nick)
    keys = {user.identity, user.guest_id} if user else set()
    folded = network.fold(nick)
    keys |= {key for key, name in draft.listed.items() if network.fold(name) == folded}
    if not keys & draft.listed.keys():
        raise IrcError(Numeric.ERR_ACCEPTNOT, nick)
    for key in keys:
        draft.stored.pop(key, None)
        draft.others.pop(key, None)


def _still_here(ctx: Context, accepted: dict[str, str]) -> dict[str, str]:
    """Return the list without guests who have left, since they can't return as the same guest."""
    here = {user.guest_id for user in ctx.network.users.values()}
    return {key: name for key, name in accepted.items() if key in here or ctx.network.accounts.by_id(key)}


def _store(ctx: Context, draft: _Draft) -> None:
    """Replace the list by the draft, after storing it. Raises StoreError, and then nothing has changed."""
    network, owner = ctx.network, ctx.user
    if draft.stored != caller_id.stored_entries(network, owner):
        change_account(ctx, owner.account, accepted=tuple(draft.stored))
    owner.caller_id.accepted = draft.others
