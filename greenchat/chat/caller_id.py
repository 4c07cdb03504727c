"""Caller-id: who may write privately to a user with mode +g, namely those on their accept list.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt. People with an account are on the list by its id,
for as long as the account exists, whatever their nick; others are on it for as long as they are connected. The entries
with an account are kept in the owner's account.

It covers everything that puts text on somebody's screen, invitations too: see `users.reach`. A KNOCK is for a channel.

The list also applies to user mode +R, which blocks people without an account. Anyone who is written to may answer as
long as the writer is connected, as in Ergo: they are treated as if they were on the list.
"""

from greenchat.chat.network import Network
from greenchat.chat.user import User

LETTER = "g"
LETTERS = "gR"  # user modes that ask who may write
_ADDRESSED = 100  # users to whom an owner has written


def accepts(network: Network, target: User, sender: User) -> bool:
    """Whether a private message gets through; those of operators do."""
    if LETTER not in target.modes or sender is target or "o" in sender.modes:
        return True
    return is_on_list(network, target, sender)


def is_on_list(network: Network, owner: User, sender: User) -> bool:
    """Whether somebody is on a user's list, or the user has written to them since they connected."""
    # somebody accepted before they logged in stays accepted
    is_known = any(
        key in owner.caller_id.accepted or key in owner.caller_id.addressed
        for key in (sender.guest_id, sender.identity)
    )
    return is_known or sender.account_id in kept(network, owner)


def address(sender: User, target: User) -> None:
    """Note whom a user with +g or +R writes to: they may answer."""
    if sender.modes.isdisjoint(LETTERS) or sender is target:
        return
    sender.caller_id.addressed[target.identity] = None
    if len(sender.caller_id.addressed) > _ADDRESSED:
        del sender.caller_id.addressed[next(iter(sender.caller_id.addressed))]


def kept(network: Network, owner: User) -> dict[str, str]:
    """Return the part of the list that the owner's account keeps: names of the accounts on it, by id."""
    account = network.accounts.by_id(owner.account_id) if owner.account_id else None
    accepted = map(network.accounts.by_id, account.accepted if account else ())
    return {other.id: other.name for other in accepted if other}


def listed(network: Network, owner: User) -> dict[str, str]:
    """Return all who are on the list, by key: the account's name, or the nickname that they had then."""
    return kept(network, owner) | owner.caller_id.accepted
