"""The whole state as a document that JSON can hold, and back to an equal state.

Users, channels and sessions have forms of their own (`user_form`, `channel_form`, `session_form`), whose `FIELDS` are
copied unchanged. `MADE` lists what has another form, and `LOCAL` what is left out, with reasons; a test compares these
with the classes, so that a new field is in a snapshot or declared local. `digest` tells whether two states are equal.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from greenchat.chat.account_data.account_data import AccountData
from greenchat.chat.account_data.files import File
from greenchat.chat.account_data.push_subscriptions import PushSubscription
from greenchat.chat.account_data.webhooks import Webhook
from greenchat.chat.accounts import Account, DeletedAccount
from greenchat.chat.acts import OLDEST, VERSION, is_known
from greenchat.chat.channel import Channel
from greenchat.chat.continuity import channel_form, moderation_form, session_form, user_form
from greenchat.chat.continuity.messages import Form
from greenchat.chat.network import Network
from greenchat.chat.outbox import Outbox
from greenchat.chat.protection.protection_state import ProtectionState
from greenchat.chat.protection.reservations import Reservation
from greenchat.chat.protection.server_bans import ServerBan
from greenchat.chat.tokens import Token
from greenchat.chat.user import CallerId, Invitation, Registration, Session, TlsClient, User, UserCounts
from greenchat.config.document import from_document, to_document
from greenchat.config.settings import Settings

MADE = {
    User: {"caller_id", "modes", "channels", "invitations", "inviting", "read_markers", "sessions", "former"},
    Channel: {"flags", "rate_limits", "recent", "topic", "members", "lists", "invited", "registration"},
    Session: {"user", "metadata", "registration", "tls"},
    CallerId: set[str](),
    Registration: set[str](),
    TlsClient: {"certificate"},
    Network: {
        "accounts",
        "channels",
        "closures",
        "counts",
        "ids",
        "index",
        "moderation",
        "nodes",
        "account_data",
        "protection",
        "renamed",
        "rules",
        "secret",
        "sent_ids",
        "sessions",
        "settings",
        "started",
        "tokens",
        "users",
        "lost_users",
        "whowas",
    },
    AccountData: {"files", "pushes", "webhooks"},
    ProtectionState: {
        "bans",
        "cloaks",
        "defcon",
        "known_origins",
        "logins",
        "registrations",
        "reservations",
    },
    UserCounts: {"modes", "most_users", "registered"},
}
"""The fields that a snapshot stores in another form, or that are derived from other fields."""

LOCAL = {
    User: set[str](),
    CallerId: set[str](),
    Channel: {
        "group",
        "names",
        "mask_fold",
    },  # made from members; a cache; from settings
    Session: {
        # of the connection, which is handed over separately
        "outbox",
        "sasl",
        "batch",
        "closing",
        "received_messages",
        "received_bytes",
        "room",
        "joined",
        "under_way",
    },
    Registration: {"negotiating", "password", "listed", "has_tried", "resumes"},
    TlsClient: {"bindings"},
    Network: {"fold", "naming", "local"},  # from the settings; local to a process
    AccountData: set[str](),
    ProtectionState: set[str](),
    UserCounts: set[str](),
}
"""The fields that a snapshot leaves out."""


NEW_SETTINGS: Mapping[str, int] = {}
"""Keys of settings that were added after the first epoch, with the epoch of each: before it they are left out of the
state, as by nodes that do not know them.
"""


class SnapshotError(ValueError):
    """The data is not a snapshot; the text says why."""


def snapshot(network: Network, now: int) -> dict[str, Any]:
    """Return the whole state. now: ms since the epoch; expired items are left out."""
    for attempts in network.protection.logins, network.protection.registrations:
        attempts.forget_old(now)
    numbers = {user: number for number, user in enumerate(network.users.values())}
    registered = [session for session in network.sessions if session.user is not None]
    return {
        "version": network.nodes.epoch,
        "settings": _settings(network),
        "started": network.started,
        "rules": network.rules,
        "id": network.ids.last,
        "most_users": network.counts.most_users,
        "defcon": network.protection.defcon,
        "secret": network.secret.hex(),
        "cloaks": network.protection.cloaks.secret.hex(),
        "accounts": [account.document() for account in network.accounts],
        "dropped": [dropped.document() for dropped in network.accounts.dropped],
        "tokens": [token.document() for token in network.tokens],
        "files": [file.document() for file in network.account_data.files],
        "pushes": [push.document() for push in network.account_data.pushes],
        "webhooks": [webhook.document() for webhook in network.account_data.webhooks],
        "closures": network.closures.dump(),
        "bans": [ban.document() for ban in network.protection.bans],
        "reservations": [each.document() for each in network.protection.reservations],
        "users": [user_form.dump(user) for user in network.users.values()],
        "logged_in": [[name, [numbers[user] for user in users]] for name, users in network.index.by_account.items()],
        "sessions": [session_form.dump(session) for session in registered],
        "attached": [[session.number for session in user.sessions] for user in network.users.values()],
        "channels": [channel_form.dump(channel, numbers) for channel in network.channels.values()],
        "waiting": [[numbers[user], network.lost_users.until(user)] for user in network.lost_users],
        "through_tls": [number for user, number in numbers.items() if network.lost_users.needs_tls(user)],
        "renamed": [[old, network.fold(channel.name)] for old, channel in network.renamed.items()],
        "sent_ids": network.sent_ids.dump(),
        "whowas": network.whowas.dump(),
        "known_origins": network.protection.known_origins.dump(),
        "throttle": [network.protection.logins.limit, network.protection.registrations.limit],
        "logins": network.protection.logins.dump(),
        "registrations": network.protection.registrations.dump(),
        "nodes": network.nodes.dump(),
        "moderation": moderation_form.dump(network, numbers, now),
    }


def _settings(network: Network) -> Form:
    document: dict[str, Any] = to_document(network.settings)
    for name, epoch in NEW_SETTINGS.items():
        if epoch > network.nodes.epoch:
            place = document
            *parts, key = name.split(".")
            for part in parts:
                place = place[part]
            del place[key]
    return document


def digest(network: Network, now: int) -> str:
    """Return a digest: the same for equal states, different for others."""
    return digest_of(snapshot(network, now))


def digest_of(document: Form) -> str:
    """Return a digest: the same for equal snapshots."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def restore(document: Form, new_outbox: Callable[[Form], Outbox]) -> Network:
    """Return the state of a snapshot. new_outbox: makes one for a session. Raises SnapshotError."""
    epoch = document.get("version")
    if not is_known(epoch):
        raise SnapshotError(
            f"the state is of epoch {epoch}, but this greenchat supports epochs {OLDEST} to {VERSION}: use another"
            " version"
        )
    try:
        return _restore(document, new_outbox)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SnapshotError(f"the snapshot can't be read: {type(error).__name__}: {error}") from error


def settings_of(document: Form) -> Settings:
    """Return the settings of a snapshot. Raises KeyError, TypeError and ValueError."""
    return from_document(Settings, document["settings"])


def _restore(document: Form, new_outbox: Callable[[Form], Outbox]) -> Network:
    network = Network(settings_of(document), now=document["started"])
    network.secret = bytes.fromhex(document["secret"])
    network.protection.cloaks.change_secret(bytes.fromhex(document["cloaks"]))
    network.protection.defcon = document["defcon"]
    for account in document["accounts"]:
        network.accounts.put(Account.from_document(account))
    for dropped in document["dropped"]:
        network.accounts.reserve(DeletedAccount.from_document(dropped))
    for token in document["tokens"]:
        network.tokens.put(Token.from_document(token))
    for file in document["files"]:
        network.account_data.files.put(File.from_document(file))
    for push in document["pushes"]:
        network.account_data.pushes.put(PushSubscription.from_document(push))
    for webhook in document["webhooks"]:
        network.account_data.webhooks.put(Webhook.from_document(webhook))
    for ban in document["bans"]:
        network.protection.bans.put(ServerBan.from_document(ban))
    for reservation in document.get("reservations", ()):
        network.protection.reservations.put(Reservation.from_document(reservation))
    users = [user_form.load(each) for each in document["users"]]
    channels = [channel_form.load(each, network, users) for each in document["channels"]]
    for channel in channels:
        network.restore_channel(channel)
    network.closures.load(document["closures"], network.channels)
    for name, members in document["logged_in"]:
        network.index.by_account[name] = {users[number]: None for number in members}
    for user, form in zip(users, document["users"], strict=True):
        network._name(user)
        for letter in form["modes"]:
            network.set_mode(user, letter, True)
        user.channels = dict(form["channels"])
        user.invitations = {folded: Invitation(*each) for folded, each in form["invitations"].items()}
        for folded in user.invitations:
            network.channels[folded].invited[user] = None
    for channel, form in zip(channels, document["channels"], strict=True):
        channel.members = {users[number]: modes for number, modes in form["members"]}
        channel.revision = form["revision"]
    sessions = {}
    for form in document["sessions"]:
        session = sessions[form["number"]] = session_form.load(form, new_outbox(form))
        network.connect(session)
    for user, attached, form in zip(users, document["attached"], document["users"], strict=True):
        for number in attached:
            network.attach(user, sessions[number])
        user.revision = form["revision"]
    network.sessions = dict.fromkeys(sessions.values())
    for number, until in document["waiting"]:
        network.lost_users.add(users[number], until)
    for number in document.get("through_tls", ()):
        network.lost_users.require_tls(users[number])
    network.renamed = {old: network.channels[new] for old, new in document["renamed"]}
    network.counts.most_users = document["most_users"]
    network.sent_ids.load(document["sent_ids"])
    network.whowas.load(document["whowas"])
    network.protection.known_origins.load(document["known_origins"])
    network.protection.logins.limit, network.protection.registrations.limit = document["throttle"]
    network.protection.logins.load(document["logins"])
    network.protection.registrations.load(document["registrations"])
    network.rules = document["rules"]
    network.ids.last = document["id"]
    network.nodes.load(document.get("nodes"))
    network.nodes.epoch = document["version"]
    if "moderation" in document:  # missing in snapshots of older versions
        moderation_form.load(network, document["moderation"], users, sessions)
    return network
