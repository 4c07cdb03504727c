"""Caller-id: who may write privately to somebody with user mode +g, which are those on their accept list.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt. People with an account are on the list by its id,
for as long as there is that account, whatever they are called; others are for as long as they are here. The owner's
account keeps those of the first kind.

It is about all that puts text on somebody's screen, invitations too: see `users.reach`. A KNOCK is for a channel.

The list is also for user mode +R, which keeps off those without an account. Whoever is written to may answer as long as
the writer is connected, as with Ergo: they are heard as if they were on the list.
"""

from greenchat.chat.network import Network
from greenchat.chat.user import User

LETTER = "g"
LETTERS = "gR"  # user modes that ask who may write
_ADDRESSED = 100  # of whom somebody has written to


def accepts(network: Network, target: User, sender: User) -> bool:
    """Whether a private message gets through; those of operators do."""
    if LETTER not in target.modes or sender is target or "o" in sender.modes:
        return True
    return is_on_list(network, target, sender)


def is_on_list(network: Network, owner: User, sender: User) -> bool:
    """Whether somebody is on a user's list, or was written to by them since they came."""
    # who was accepted before they logged in still is
    is_known = any(key in owner.accepted or key in owner.addressed for key in (sender.guest_id, sender.identity))
    return is_known or sender.account_id in kept(network, owner)


def address(sender: User, target: User) -> None:
    """Note whom somebody who does not hear everybody (+g, +R) writes to: they may answer."""
    if sender.modes.isdisjoint(LETTERS) or sender is target:
        return
    sender.addressed[target.identity] = None
    if len(sender.addressed) > _ADDRESSED:
        del sender.addressed[next(iter(sender.addressed))]


def kept(network: Network, owner: User) -> dict[str, str]:
    """Return the part of the list that the owner's account keeps: names of the accounts on it, by id."""
    account = network.accounts.by_id(owner.account_id) if owner.account_id else None
    accepted = map(network.accounts.by_id, account.accepted if account else ())
    return {other.id: other.name for other in accepted if other}


def listed(network: Network, owner: User) -> dict[str, str]:
    """All who are on the list, by their keys: the account's name, or the nickname that they had then."""
    return kept(network, owner) | owner.accepted
