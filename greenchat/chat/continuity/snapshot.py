"""The whole state as a document that JSON can hold, and back to an equal state.

`LOCAL` lists the fields of the state classes that are left out, with reasons; a test compares both with the classes, so
that a new field is either in a snapshot or declared local. `digest` tells whether two states are equal.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from greenchat.chat.accounts import Account, Dropped
from greenchat.chat.acts import OLDEST, VERSION, is_known
from greenchat.chat.channel import Channel, ChannelRegistration, Topic
from greenchat.chat.continuity import moderation_form
from greenchat.chat.continuity.messages import Form
from greenchat.chat.mask_lists import ListEntry
from greenchat.chat.metadata import MetadataUse
from greenchat.chat.network import Network, UserCounts
from greenchat.chat.outbox import Outbox
from greenchat.chat.owned.files import File
from greenchat.chat.owned.owned_state import OwnedState
from greenchat.chat.owned.push_subscriptions import PushSubscription
from greenchat.chat.owned.webhooks import Webhook
from greenchat.chat.paces import Pace
from greenchat.chat.protection.protection_state import ProtectionState
from greenchat.chat.protection.reservations import Reservation
from greenchat.chat.protection.server_bans import ServerBan
from greenchat.chat.read_markers import ReadMarks
from greenchat.chat.tokens import Token
from greenchat.chat.user import NO_TLS, CallerId, Invitation, Registration, Session, Tenure, TlsClient, User
from greenchat.config.document import from_document, to_document
from greenchat.config.settings import Settings

_USER = (  # copied unchanged: strings, numbers, and mappings of strings
    "nick",
    "username",
    "host",
    "realname",
    "real_host",
    "signon",
    "active",
    "account",
    "account_id",
    "guest_id",
    "away",
    "oper",
    "knocked",
    "left",
    "last_seen",
    "metadata",
    "revision",
)
_CALLER_ID = ("accepted", "addressed", "informed")
_CHANNEL = (
    "name",
    "created",
    "life",
    "is_kept",
    "key",
    "limit",
    "forward",
    "forward_life",
    "knocked",
    "metadata",
    "revision",
)
_SESSION = (
    "host",
    "now",
    "active",
    "secure",
    "dialect",
    "caps",
    "away",
    "account",
    "gateway",
    "token",
    "number",
)
_REGISTRATION = ("cap_version", "nick", "username", "realname")
MADE = {
    User: {"caller_id", "modes", "channels", "invitations", "inviting", "read_marks", "sessions", "former"},
    Channel: {"flags", "paces", "topic", "members", "lists", "invited", "registration"},
    Session: {"user", "metadata", "registration", "tls"},
    CallerId: set[str](),
    Registration: set[str](),
    TlsClient: {"certificate"},
    Network: {
        "_looks",
        "_users_of",
        "accounts",
        "channels",
        "closures",
        "counts",
        "ids",
        "moderation",
        "nodes",
        "owned",
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
        "waiting",
        "whowas",
    },
    OwnedState: {"files", "pushes", "webhooks"},
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
"""What a snapshot holds in a form of its own, or what is made from other things that it holds."""

LOCAL = {
    User: set[str](),
    CallerId: set[str](),
    Channel: {
        "group",
        "names",
        "mask_fold",
        "recent",
    },  # made from members; a cache; from settings; seconds old
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
    OwnedState: set[str](),
    ProtectionState: set[str](),
    UserCounts: set[str](),
}
"""What a snapshot leaves out."""


NEW_SETTINGS: Mapping[str, int] = {}
"""Keys of settings, as they are in the configuration, and the epoch with which each came, if it was not the first:
until that the state is without them, as that of a node is that does not know them.
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
        "files": [file.document() for file in network.owned.files],
        "pushes": [push.document() for push in network.owned.pushes],
        "webhooks": [webhook.document() for webhook in network.owned.webhooks],
        "closures": network.closures.dump(),
        "bans": [ban.document() for ban in network.protection.bans],
        "reservations": [each.document() for each in network.protection.reservations],
        "users": [_user(user) for user in network.users.values()],
        "logged_in": [[name, [numbers[user] for user in users]] for name, users in network._users_of.items()],
        "sessions": [dump_session(session) for session in registered],
        "attached": [[session.number for session in user.sessions] for user in network.users.values()],
        "channels": [_channel(channel, numbers) for channel in network.channels.values()],
        "waiting": [[numbers[user], network.waiting.until(user)] for user in network.waiting],
        "through_tls": [number for user, number in numbers.items() if network.waiting.needs_tls(user)],
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
        network.accounts.reserve(Dropped.from_document(dropped))
    for token in document["tokens"]:
        network.tokens.put(Token.from_document(token))
    for file in document["files"]:
        network.owned.files.put(File.from_document(file))
    for push in document["pushes"]:
        network.owned.pushes.put(PushSubscription.from_document(push))
    for webhook in document["webhooks"]:
        network.owned.webhooks.put(Webhook.from_document(webhook))
    for ban in document["bans"]:
        network.protection.bans.put(ServerBan.from_document(ban))
    for reservation in document.get("reservations", ()):
        network.protection.reservations.put(Reservation.from_document(reservation))
    users = [_user_of(each) for each in document["users"]]
    channels = [_channel_of(each, network) for each in document["channels"]]
    for channel in channels:
        network.bring_back(channel)
    network.closures.load(document["closures"], network.channels)
    for name, members in document["logged_in"]:
        network._users_of[name] = {users[number]: None for number in members}
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
        session = sessions[form["number"]] = load_session(form, new_outbox(form))
        network.connect(session)
    for user, attached, form in zip(users, document["attached"], document["users"], strict=True):
        for number in attached:
            network.attach(user, sessions[number])
        user.revision = form["revision"]
    network.sessions = dict.fromkeys(sessions.values())
    for number, until in document["waiting"]:
        network.waiting.add(users[number], until)
    for number in document.get("through_tls", ()):
        network.waiting.require_tls(users[number])
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


def _user(user: User) -> dict[str, Any]:
    form = {name: getattr(user, name) for name in _USER}
    form |= {name: getattr(user.caller_id, name) for name in _CALLER_ID}
    form["modes"] = "".join(sorted(user.modes))
    form["channels"] = dict(user.channels)
    form["invitations"] = {folded: list(each) for folded, each in user.invitations.items()}
    form["inviting"] = list(user.inviting)
    form["read_marks"] = [user.read_marks.owner, dict(user.read_marks.times)] if user.read_marks else None
    form["former"] = [list(tenure) for tenure in user.former]
    return form


def _user_of(form: Form) -> User:
    user = User(**{name: form[name] for name in _USER})
    user.caller_id = CallerId(dict(form["accepted"]), dict(form["addressed"]), form["informed"])
    user.metadata = dict(form["metadata"])
    if form["read_marks"]:
        owner, times = form["read_marks"]
        user.read_marks = ReadMarks(owner, dict(times))
    user.inviting = tuple(form["inviting"])
    user.former = tuple(Tenure(*tenure) for tenure in form["former"])
    return user


def _channel(channel: Channel, numbers: Mapping[User, int]) -> dict[str, Any]:
    form = {name: getattr(channel, name) for name in _CHANNEL}
    topic, registration = channel.topic, channel.registration
    form["flags"] = "".join(sorted(channel.flags))
    form["paces"] = {letter: pace.text(letter) for letter, pace in sorted(channel.paces.items())}
    form["topic"] = [topic.text, topic.setter, topic.time] if topic else None
    form["members"] = [[numbers[user], modes] for user, modes in channel.members.items()]
    form["lists"] = {
        letter: [entry.document() for entry in masks] for letter, masks in sorted(channel.lists.items()) if masks
    }
    form["registration"] = to_document(registration) if registration else None
    return form


def _channel_of(form: Form, network: Network) -> Channel:
    known = {"forward_life": 0, **form}  # missing in snapshots of older versions
    channel = Channel(**{name: known[name] for name in _CHANNEL}, mask_fold=network.naming.mask_fold)
    channel.metadata = dict(form["metadata"])
    channel.flags = set(form["flags"])
    channel.paces = {letter: Pace.parse(letter, text) for letter, text in form["paces"].items()}
    channel.topic = Topic(*form["topic"]) if form["topic"] else None
    for letter, masks in form["lists"].items():
        for entry in masks:
            channel.add_mask(letter, ListEntry.from_document(entry))
    if form["registration"]:
        channel.registration = from_document(ChannelRegistration, form["registration"])
    return channel


def dump_session(session: Session) -> dict[str, Any]:
    """Return a session without its user and its local fields."""
    form = {name: getattr(session, name) for name in _SESSION}
    form |= {name: getattr(session.registration, name) for name in _REGISTRATION}
    form["certificate"] = session.tls.certificate
    use = session.metadata
    form["metadata"] = [list(use.subscriptions), dict(use.pending), use.changes] if use else None
    return form


def load_session(form: Form, outbox: Outbox) -> Session:
    """Return the session that was dumped."""
    session = Session(outbox, **{name: form[name] for name in _SESSION})
    session.registration = Registration(**{name: form[name] for name in _REGISTRATION})
    session.tls = TlsClient(form["certificate"]) if form["certificate"] else NO_TLS
    if form["metadata"]:
        subscriptions, pending, changes = form["metadata"]
        session.metadata = MetadataUse(dict.fromkeys(subscriptions), dict(pending))
        for time in changes:
            session.metadata.count_change(time)
    return session
