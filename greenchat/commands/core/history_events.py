"""Converts messages to stored events and back, and finds their conversations."""

from collections.abc import Mapping

from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.user import User
from greenchat.config.settings import History
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.envelopes.multiline import MultilineEnvelope
from greenchat.protocol.envelopes.relayed import RelayedEnvelope
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import parts_of, seams
from greenchat.protocol.tags import CLIENT_ID, RELAYED_BY
from greenchat.storage.interface import StoredEvent, direct_key

CHANNEL_EVENTS = frozenset(("JOIN", "PART", "KICK", "TOPIC", "MODE"))
"""What is kept of a channel beside what is said; QUIT and NICK too, which belong to several channels at once."""

_KEEP_ME = ("+draft/react", "+react", "+draft/unreact", "+unreact", "+draft/persist")
# Tags that are never sent:
_SEAMS = "joined"  # where lines of a multiline message were joined without a line break
_REALNAME = "realname"  # of the user who joined
_MOST_TAGS = 512  # bytes of names and values that are stored with one message
_FIRST = frozenset((*_KEEP_ME, "+draft/reply", "+reply", CLIENT_ID))  # as many of these as fit
_PASSING = ("+typing", "+draft/typing")


def identity(network: Network, user: User) -> str:
    """Return the identity of a user in the history, see `User.identity`."""
    return user.identity


def conversation_of(network: Network, user: User, place: Channel | User, rank: str = "") -> str:
    """Return the conversation of a message of a user to a channel or another user.

    rank: the letter of the lowest rank that gets it; messages to a rank form a separate conversation.
    """
    if isinstance(place, Channel):
        key = network.fold(place.name)
        return network.settings.mode_table.symbols_of(rank) + key if rank else key
    return direct_key(identity(network, user), identity(network, place))


def is_kept(history: History, envelope: Envelope, place: Channel | User) -> bool:
    """Whether a message is stored.

    A TAGMSG is if one of its tags is kept: reactions are, typing notifications are not.
    """
    if not history.enabled or not (history.private or isinstance(place, Channel)):
        return False
    message = envelope.message
    return message.command != "TAGMSG" or any(tag in message.tags for tag in _KEEP_ME)


def to_event(envelope: Envelope, conversation: str) -> StoredEvent:
    """Return the event to store; the envelope must have a msgid."""
    message = envelope.message
    return StoredEvent(
        envelope.msgid,
        conversation,
        message.command,
        message.source or "",
        message.params,
        envelope.account,
        _kept_tags(envelope),
    )


def size_of(event: StoredEvent) -> int:
    """Return the approximate bytes of an event in the database, without values shared by several events."""
    tags = sum(len(name) + len(value) for name, value in event.tags.items())
    return sum(len(parameter) for parameter in event.params) + tags


def to_envelope(event: StoredEvent, needs: int = 0) -> Envelope:
    """Return the message of a stored event."""
    text = event.params[-1] if event.params else ""
    tags = event.tags
    joined_at = tags.get(_SEAMS, "")
    if RELAYED_BY in tags:
        message = Message(event.command, event.params, event.source, _without(tags, RELAYED_BY))
        return RelayedEnvelope(message, tags[RELAYED_BY], time=event.time, msgid=event.id)
    if event.command == "JOIN":
        return _joined_again(event)
    if "\n" not in text and not joined_at:
        message = Message(event.command, event.params, event.source, tags)
        return Envelope(message, time=event.time, msgid=event.id, account=event.account, needs=needs)
    message = Message(event.command, event.params, event.source, _without(tags, _SEAMS))
    parts = parts_of(text, [int(place) for place in joined_at.split(",") if place])
    return MultilineEnvelope(message, parts, time=event.time, msgid=event.id, account=event.account)


def _joined_again(event: StoredEvent) -> Envelope:
    """Return a JOIN of the history for extended-join: "The extended-join capability extends the JOIN message"."""
    message = Message(event.command, event.params, event.source)
    realname = event.tags.get(_REALNAME) or message.nick  # databases of older versions have none
    extended = (event.params[0], event.account or "*", realname)
    return Envelope(message, time=event.time, msgid=event.id, account=event.account, extended=extended)


def _kept_tags(envelope: Envelope) -> Mapping[str, str]:
    tags = envelope.message.tags
    if tags:
        tags = _bounded(tags)
    if isinstance(envelope, MultilineEnvelope):
        joined_at = seams(envelope.parts)
        if joined_at:
            tags = {**tags, _SEAMS: ",".join(map(str, joined_at))}
    elif isinstance(envelope, RelayedEnvelope):
        tags = {**tags, RELAYED_BY: envelope.relayed_by}
    elif envelope.extended:
        tags = {**tags, _REALNAME: envelope.extended[-1]}
    return tags


def _bounded(tags: Mapping[str, str]) -> dict[str, str]:
    """Return as many tags as fit into the limit, so that they can't bloat the history."""
    room, bounded = _MOST_TAGS, {}
    for name, value in sorted(tags.items(), key=lambda tag: tag[0] not in _FIRST):
        size = len(name.encode()) + len(value.encode())
        if name not in _PASSING and size <= room:
            bounded[name] = value
            room -= size
    return bounded


def _without(tags: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in tags.items() if other != name}
