"""Saved users: the stored state of those who may return after a stop or a crash of the server.

They are restored as users who have lost their connection, so that others notice nothing, unless they do not return.
Unregistered channels are restored with their members. Always-on users are stored as presences (`chat.always_on`).
Operator status is not restored: the configuration may have changed.
"""

from collections.abc import Mapping
from typing import Any

from greenchat.chat import always_on
from greenchat.chat.network import Network
from greenchat.chat.user import CallerId, User
from greenchat.chat.visibility import shown_host

LONGEST = 3_600_000
"""ms: after a longer downtime no user is expected to return."""


def document(network: Network, user: User, now: int) -> dict[str, Any]:
    """Return a user as a document. now: ms since the epoch."""
    return always_on.document(network, user) | {
        "host": "" if user.host == shown_host(network, user.account, user.real_host) else user.host,
        "through_tls": network.lost_users.needs_tls(user),
        "left": user.left if user in network.lost_users else 0,
        "active": user.active,
        "away": user.away,
        "metadata": dict(user.metadata),
        "accepted": dict(user.caller_id.accepted),
        "kept": now,
    }


def restore(network: Network, guest_id: str, stored: Mapping[str, Any], *, now: int, grace: int) -> User | None:
    """Restore a user, who may return within `grace` ms; return None if the nick or account is gone, or the
    user has been away for too long.

    Channels that were not restored are left out: created again they would be open to everybody.
    """
    account = network.accounts.by_id(stored["account"]) if stored["account"] else None
    seen = stored["left"] or stored["kept"]
    if now - seen > LONGEST or network.holder(stored["nick"]) is not None or (stored["account"] and account is None):
        return None
    name = account.name if account else ""
    user = User(
        nick=stored["nick"],
        username=stored["username"],
        host=stored["host"] or shown_host(network, name, stored["real_host"]),
        realname=stored["realname"],
        real_host=stored["real_host"],
        signon=stored["signon"],
        active=stored["active"],
        account=name,
        guest_id=guest_id,
        away=stored["away"],
        left=seen,
        last_seen=stored["last_seen"] if stored["left"] else "",
        metadata=dict(stored["metadata"]),
        caller_id=CallerId(dict(stored["accepted"])),
    )
    channels = [each for each in stored["channels"] if network.channel(each[0]) is not None]
    always_on.add_restored(network, user, {**stored, "channels": channels}, now=now)
    network.lost_users.add(user, now + grace)
    if stored.get("through_tls"):
        network.lost_users.require_tls(user)
    return user
