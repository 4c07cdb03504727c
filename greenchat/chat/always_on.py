"""Always-on users: users who stay without a connection, and their restoration after a restart.

An always-on user is an ordinary user without sessions. `document` and `restore_presence` convert users for the store.
"""

from collections.abc import Mapping
from typing import Any

from greenchat.chat.network import Network
from greenchat.chat.user import Invitation, User
from greenchat.chat.visibility import shown_host


def stays(network: Network, user: User) -> bool:
    """Whether a user stays when the last connection closes, by the server's settings and the account's preferences.

    Only one user of an account does: a second device with another nick is not a second person.
    """
    return bool(user.account) and presence(network, user.account, user) is user


def presence(network: Network, account: str, default: User | None = None) -> User | None:
    """Return the account's user who stays: the one whose nick is its name, or else the first to log in.

    Returns None if none stays, `default` if none is present.
    """
    if not _may_stay(network, account):
        return None
    users = network.users_of(account)
    namesake = network.user(account)
    if namesake in users:
        return namesake
    return users[0] if users else default


def _may_stay(network: Network, name: str) -> bool:
    account = network.accounts.get(name)
    if account is None:
        return False
    rule = network.settings.accounts.always_on
    if rule in ("disabled", "mandatory"):
        return rule == "mandatory"
    preference = account.preferences.always_on
    return preference if preference is not None else rule == "opt-out"


def document(network: Network, user: User) -> dict[str, Any]:
    """Return an always-on user as a document for the store."""
    return {
        "nick": user.nick,
        "username": user.username,
        "realname": user.realname,
        "real_host": user.real_host,
        "account": user.account_id,
        "signon": user.signon,
        "left": user.left,
        "last_seen": user.last_seen,
        "modes": "".join(sorted(user.modes - {"o", "s"})),
        "channels": [
            [network.channels[name].name, network.channels[name].members[user], since]
            for name, since in user.channels.items()
        ],
        "invitations": [[network.channels[name].name, *invitation] for name, invitation in user.invitations.items()],
    }


def restore_presence(network: Network, stored: Mapping[str, Any], *, guest_id: str, now: int) -> User | None:
    """Restore a user; return None if the account is gone or the nick is taken."""
    account = network.accounts.by_id(stored["account"])
    if network.holder(stored["nick"]) is not None or account is None:
        return None
    user = User(
        nick=stored["nick"],
        username=stored["username"],
        host=shown_host(network, account.name, stored["real_host"]),
        realname=stored["realname"],
        real_host=stored["real_host"],
        signon=stored["signon"],
        active=stored["left"] or now,
        account=account.name,
        guest_id=guest_id,
        left=stored["left"] or now,
        last_seen=stored.get("last_seen", ""),
        metadata=dict(account.metadata),
    )
    if not stays(network, user):
        return None
    add_restored(network, user, stored, now=now)
    return user


def add_restored(network: Network, user: User, stored: Mapping[str, Any], *, now: int) -> None:
    """Add a restored user, with their modes, their channels and their invitations."""
    network.restore_user(user)
    for letter in stored["modes"]:
        network.set_mode(user, letter, True)
    for name, modes, since in stored["channels"]:
        channel = network.join(user, name, now=now, since=since)
        for letter in channel.members[user]:
            network.set_member_mode(user, channel, letter, False)
        for letter in modes:
            network.set_member_mode(user, channel, letter, True)
    for name, source, msgid in stored.get("invitations", ()):
        invited_to = network.channel(name)
        if invited_to is not None and user not in invited_to.members:
            network.invite(user, invited_to, Invitation(source, msgid))
