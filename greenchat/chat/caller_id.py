"""Caller-id: who may write privately to somebody with user mode +g, which are those on their accept list.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt. People with an account are on the list by its name,
for as long as its owner has it, whatever they are called; others are for as long as they are here. The owner's
account keeps those of the first kind.

It is about messages: "Any user that messages a +g client". An INVITE and a KNOCK get through, as with ircd-hybrid and
InspIRCd (callerid): they are for channels, and clients show them as such.
"""

from greenchat.chat.network import Network
from greenchat.chat.user import User

LETTER = "g"


def accepts(network: Network, target: User, sender: User) -> bool:
    """Whether a private message gets through; those of operators do."""
    if LETTER not in target.modes or sender is target or "o" in sender.modes:
        return True
    # who was accepted before they logged in still is
    is_accepted = sender.guest_id in target.accepted or key_of(network, sender) in target.accepted
    return is_accepted or network.fold(sender.account) in kept(network, target)


def key_of(network: Network, user: User) -> str:
    """Under what somebody is on a list: their folded account, or a name that dies with them."""
    return network.fold(user.account) if user.account else user.guest_id


def kept(network: Network, owner: User) -> dict[str, str]:
    """What the owner's account keeps of the list: the accounts on it, by folded name."""
    account = network.accounts.get(owner.account) if owner.account else None
    return {network.fold(name): name for name in account.accepted} if account else {}


def listed(network: Network, owner: User) -> dict[str, str]:
    """All who are on the list, by their keys: the account's name, or the nickname that they had then."""
    return kept(network, owner) | owner.accepted
