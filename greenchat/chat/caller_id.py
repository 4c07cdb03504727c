"""Caller-id: who may write privately to somebody with user mode +g, which are those on their accept list.

https://github.com/ircd-hybrid/ircd-hybrid/blob/main/doc/modeg.txt. People with an account are on the list by its id,
for as long as there is that account, whatever they are called; others are for as long as they are here. The owner's
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
    is_accepted = sender.guest_id in target.accepted or sender.identity in target.accepted
    return is_accepted or sender.account_id in kept(network, target)


def kept(network: Network, owner: User) -> dict[str, str]:
    """What the owner's account keeps of the list: names of the accounts on it, by id."""
    account = network.accounts.by_id(owner.account_id) if owner.account_id else None
    accepted = map(network.accounts.by_id, account.accepted if account else ())
    return {other.id: other.name for other in accepted if other}


def listed(network: Network, owner: User) -> dict[str, str]:
    """All who are on the list, by their keys: the account's name, or the nickname that they had then."""
    return kept(network, owner) | owner.accepted
