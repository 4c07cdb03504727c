"""Registered channels: whose they are, who has which rank there by their account, and all that must last of them.

A registered channel stays when it is empty and comes back after a restart: `document` and `from_document` are its form
in the store.
"""

from collections.abc import Mapping
from typing import Any

from greenchat.chat.channel import Channel, Topic
from greenchat.chat.channel_registration import ChannelRegistration
from greenchat.chat.mask_lists import ListEntry, parse
from greenchat.protocol.casemap import Casefold

_FOUNDER = "q"


def rank_of(channel: Channel, account: str) -> str:
    """The letter of the member mode that somebody has by their folded account; "" for none."""
    registration = channel.registration
    if registration is None or not account:
        return ""
    return _FOUNDER if account == registration.founder else registration.access.get(account, "")


def document(channel: Channel, registration: ChannelRegistration) -> dict[str, Any]:
    """All that must last of a channel, as JSON can hold it."""
    topic = channel.topic
    return {
        "name": channel.name,
        "created": channel.created,
        "founder": registration.founder,
        "registered": registration.registered,
        "access": dict(registration.access),
        "flags": "".join(sorted(channel.flags)),
        "key": channel.key,
        "limit": channel.limit,
        "forward": channel.forward,
        "topic": [topic.text, topic.setter, topic.time] if topic else None,
        "lists": {
            letter: [[entry.mask.text, entry.setter, entry.time] for entry in masks]
            for letter, masks in channel.lists.items()
        },
        "metadata": dict(channel.metadata),
    }


def from_document(stored: Mapping[str, Any], mask_fold: Casefold = str.lower) -> Channel:
    """The channel, without anybody in it."""
    topic = stored.get("topic")
    channel = Channel(
        stored["name"],
        created=stored["created"],
        flags=set(stored.get("flags", "")),
        topic=Topic(*topic) if topic else None,
        key=stored.get("key", ""),
        limit=stored.get("limit", 0),
        forward=stored.get("forward", ""),
        mask_fold=mask_fold,
        metadata=dict(stored.get("metadata", {})),
        registration=ChannelRegistration(stored["founder"], stored["registered"], dict(stored.get("access", {}))),
    )
    for letter, masks in stored.get("lists", {}).items():
        for mask, setter, time in masks:
            channel.add_mask(letter, ListEntry(parse(mask), setter, time))
    return channel
