"""Registered channels: their access lists, and their documents for the store.

A registered channel remains when it is empty and is restored after a restart: `document` and `from_document` convert it
for the store.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from greenchat.chat.channel import Channel, ChannelRegistration, Topic
from greenchat.chat.mask_lists import ListEntry, parse
from greenchat.chat.rate_limits import RateLimit
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.msgid import first_id

_FOUNDER = "q"


def rank_of(channel: Channel, account_id: str) -> str:
    """Return the letter of the member mode that the access list gives an account; "" for none."""
    registration = channel.registration
    if registration is None or not account_id:
        return ""
    return _FOUNDER if account_id == registration.founder else registration.access.get(account_id, "")


def document(channel: Channel, registration: ChannelRegistration | None) -> dict[str, Any]:
    """Return a channel as a document. registration: None for an unregistered one."""
    topic = channel.topic
    return {
        "name": channel.name,
        "created": channel.created,
        "life": channel.life,
        "founder": registration.founder if registration else "",
        "registered": registration.registered if registration else 0,
        "access": dict(registration.access) if registration else {},
        "successor": registration.successor if registration else "",
        "entry_message": registration.entry_message if registration else "",
        "flags": "".join(sorted(channel.flags)),
        "key": channel.key,
        "limit": channel.limit,
        "forward": channel.forward,
        "forward_life": channel.forward_life,
        "paces": {letter: limit.text(letter) for letter, limit in channel.rate_limits.items()},
        "topic": [topic.text, topic.setter, topic.time] if topic else None,
        "lists": {letter: [entry.document() for entry in masks] for letter, masks in channel.lists.items() if masks},
        "metadata": dict(channel.metadata),
    }


def from_document(
    stored: Mapping[str, Any], mask_fold: Casefold = str.lower, author: Callable[[str, int], str] = lambda *_: ""
) -> Channel:
    """Return the channel, without members. author: see `Accounts.author`; for masks of version 0.1.0."""
    topic = stored.get("topic")
    channel = Channel(
        stored["name"],
        created=stored["created"],
        life=stored.get("life", first_id(stored["created"])),
        flags=set(stored.get("flags", "")),
        topic=Topic(*topic) if topic else None,
        key=stored.get("key", ""),
        limit=stored.get("limit", 0),
        forward=stored.get("forward", ""),
        forward_life=stored.get("forward_life", 0),
        rate_limits={letter: RateLimit.parse(letter, text) for letter, text in stored.get("paces", {}).items()},
        mask_fold=mask_fold,
        metadata=dict(stored.get("metadata", {})),
        registration=ChannelRegistration(
            stored["founder"],
            stored["registered"],
            dict(stored.get("access", {})),
            stored.get("successor", ""),
            stored.get("entry_message", ""),
        ),
    )
    if not stored["registered"]:  # stored for an always-on member
        channel.registration = None
        channel.is_kept = True
    for letter, masks in stored.get("lists", {}).items():
        for entry in masks:
            channel.add_mask(letter, ListEntry.from_document(entry) if len(entry) > 3 else _old_entry(entry, author))
    return channel


def _old_entry(stored: Sequence[Any], author: Callable[[str, int], str]) -> ListEntry:
    """Return an entry of version 0.1.0, which stored no account id: its mask matches the account of that time."""
    text, setter, time = stored
    return ListEntry(parse(text).bound(partial(_account_then, author, time)), setter, time)


def _account_then(author: Callable[[str, int], str], time: int, name: str) -> str:
    return author(name, first_id(time + 1))
