"""Caller-id: only users on the accept list may write privately to a user with mode +g.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt. Users with an account are on the list by its id,
under any nick, as long as the account exists; others as long as they are connected. Entries with an account are stored
in the owner's account.

It covers everything that shows text to the user, invitations too: see `users.message_acceptance`. A KNOCK is for a
channel.

The list also applies to user mode +R, which blocks users without an account. As in Ergo, everybody to whom the owner
has written since connecting may answer, as if on the list.
"""

from greenchat.chat.network import Network
from greenchat.chat.user import User

LETTER = "g"
LETTERS = "gR"  # user modes that use the list
_ADDRESSED = 100  # users to whom an owner has written


def accepts(network: Network, target: User, sender: User) -> bool:
    """Whether the target accepts a private message of the sender; those of operators always."""
    if LETTER not in target.modes or sender is target or "o" in sender.modes:
        return True
    return is_on_list(network, target, sender)


def is_on_list(network: Network, owner: User, sender: User) -> bool:
    """Whether the sender is on the owner's list, or the owner has written to the sender since connecting."""
    # a user who was accepted before a login stays accepted
    is_known = any(
        key in owner.caller_id.accepted or key in owner.caller_id.addressed
        for key in (sender.guest_id, sender.identity)
    )
    return is_known or sender.account_id in stored_entries(network, owner)


def allow_answer(sender: User, target: User) -> None:
    """Note that a user with +g or +R writes to the target, who may then answer."""
    if sender.modes.isdisjoint(LETTERS) or sender is target:
        return
    sender.caller_id.addressed[target.identity] = None
    if len(sender.caller_id.addressed) > _ADDRESSED:
        del sender.caller_id.addressed[next(iter(sender.caller_id.addressed))]


def stored_entries(network: Network, owner: User) -> dict[str, str]:
    """Return the part of the list that is stored in the owner's account: account names, by id."""
    account = network.accounts.by_id(owner.account_id) if owner.account_id else None
    accepted = map(network.accounts.by_id, account.accepted if account else ())
    return {other.id: other.name for other in accepted if other}


def listed(network: Network, owner: User) -> dict[str, str]:
    """Return the whole list, by key: the names of accounts, or the nicknames at the time of acceptance."""
    return stored_entries(network, owner) | owner.caller_id.accepted
