"""A channel as a part of a snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any

from greenchat.chat.channel import Channel, ChannelRegistration, Topic
from greenchat.chat.continuity.messages import Form
from greenchat.chat.mask_lists import ListEntry
from greenchat.chat.network import Network
from greenchat.chat.rate_limits import RateLimit, RecentTimes
from greenchat.chat.user import User
from greenchat.config.document import from_document, to_document

FIELDS = (
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


def dump(channel: Channel, numbers: Mapping[User, int]) -> dict[str, Any]:
    """Return a channel as a JSON value. numbers: of the users in the snapshot."""
    form = {name: getattr(channel, name) for name in FIELDS}
    topic, registration = channel.topic, channel.registration
    form["flags"] = "".join(sorted(channel.flags))
    form["paces"] = {letter: limit.text(letter) for letter, limit in sorted(channel.rate_limits.items())}
    form["topic"] = [topic.text, topic.setter, topic.time] if topic else None
    # not of users who have quit: they never speak again, and may be forgotten already
    form["recent"] = sorted(
        [numbers[user], each.dump()] for user, each in channel.recent.items() if user and user in numbers
    )
    form["joins"] = channel.recent[None].dump() if None in channel.recent else []
    form["members"] = [[numbers[user], modes] for user, modes in channel.members.items()]
    form["lists"] = {
        letter: [entry.document() for entry in masks] for letter, masks in sorted(channel.lists.items()) if masks
    }
    form["registration"] = to_document(registration) if registration else None
    return form


def load(form: Form, network: Network, users: Sequence[User]) -> Channel:
    """Load `dump`'s output, without the members. users: of the snapshot, by number."""
    known = {"forward_life": 0, **form}  # missing in snapshots of older versions
    channel = Channel(**{name: known[name] for name in FIELDS}, mask_fold=network.naming.mask_fold)
    channel.metadata = dict(form["metadata"])
    channel.flags = set(form["flags"])
    channel.rate_limits = {letter: RateLimit.parse(letter, text) for letter, text in form["paces"].items()}
    channel.topic = Topic(*form["topic"]) if form["topic"] else None
    channel.recent = {users[number]: RecentTimes(times) for number, times in form.get("recent", ())}
    if form.get("joins"):
        channel.recent[None] = RecentTimes(form["joins"])
    for letter, masks in form["lists"].items():
        for entry in masks:
            channel.add_mask(letter, ListEntry.from_document(entry))
    if form["registration"]:
        channel.registration = from_document(ChannelRegistration, form["registration"])
    return channel
