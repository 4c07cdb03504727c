"""Stores messages before anybody sees them."""

from functools import partial

from greenchat.chat.channel import Channel
from greenchat.chat.client_ids import SentIds, SentKey
from greenchat.chat.protection.history_quota import EVENT, LIGHT
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.history_events import conversation_of, is_kept, size_of, to_event
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.msgid import time_of
from greenchat.protocol.tags import CLIENT_ID

NOT_KEPT = "The message could not be stored and was not delivered; try again"


def say(ctx: Context, envelope: Envelope, place: Channel | User, rank: str = "") -> bool:
    """Store a message of the sender to a channel or a user before anybody sees it.

    rank: the letter of the lowest rank that gets it, "" for all members.
    Returns False if the sender has sent it before with the same client id: then only the sender gets it, and
    the envelope becomes the original one.
    """
    network = ctx.network
    conversation = conversation_of(network, ctx.user, place, rank)
    key = None
    if CLIENT_ID in envelope.message.tags:
        key = SentIds.key(ctx.user.account_id, conversation, envelope.message.tags[CLIENT_ID])
    if key:
        first = network.sent_ids.get(key)
        if first:
            envelope.msgid = first
            envelope.time = time_of(first)
            return False
        network.sent_ids.add(key, envelope.msgid)
    if is_kept(network.settings.history, envelope, place):
        event = to_event(envelope, conversation)
        size = size_of(event)
        ctx.weight += size // LIGHT
        ctx.session.room -= size + EVENT
        ctx.journal.store_message((event,), envelope, partial(_refuse, ctx, envelope, key))
    return True


def _refuse(ctx: Context, envelope: Envelope, key: SentKey | None) -> None:
    if key:
        ctx.network.sent_ids.drop(key)
    ctx.fail_after_all(envelope.message.command, envelope.message.params[0], text=NOT_KEPT)
