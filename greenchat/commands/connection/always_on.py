"""Always-on users: keeps them when their last connection closes, and sends the missed messages on their return."""

import logging

from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.commands.core.history_events import identity
from greenchat.commands.core.persistence import keep_presences
from greenchat.commands.history.conversations import channel_conversations, updated_conversations
from greenchat.commands.history.replay import envelope_of
from greenchat.commands.users.away import update_away
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import LAST_ID, first_id, format_msgid, parse_msgid, time_of
from greenchat.storage.interface import HistorySpan, StoredEvent, StoreError

log = logging.getLogger(__name__)

_MOST_LINES = 200  # of each conversation
_MOST_TALKS = 50  # private messages


def stay(ctx: Context, user: User) -> None:
    """Keep a user whose last connection has closed."""
    user.left = ctx.now
    user.last_seen = format_msgid(ctx.new_id())
    ctx.network.local.changed_presences[user] = None
    keep_presences(ctx)
    account = ctx.network.accounts.get(user.account)
    if account is None or account.preferences.auto_away is not False:
        update_away(ctx, user)


def tell_missed(ctx: Context, user: User) -> None:
    """Send a user the messages missed while not connected, if the client can't request them itself.

    Invitations are in no history, so every client gets those that are still valid.
    """
    after = parse_msgid(user.last_seen) or first_id(user.left)
    for folded, invitation in user.invitations.items():
        if invitation.msgid > after:
            message = Message("INVITE", (user.nick, ctx.network.channels[folded].name), invitation.source)
            ctx.respond(Envelope(message, time=time_of(invitation.msgid), msgid=invitation.msgid))
    if not ctx.network.settings.history.enabled or ctx.session.caps & (caps.CHATHISTORY | caps.ZNC_PLAYBACK):
        return
    try:
        for event in _missed(ctx, user, after):
            ctx.respond(envelope_of(ctx, event))
    except StoreError as error:
        log.error("what %s missed can't be read: %s", user.nick, error)


def _missed(ctx: Context, user: User, after: int) -> list[StoredEvent]:
    store = ctx.journal.store
    talks = updated_conversations(store, identity(ctx.network, user), (), after, LAST_ID)[-_MOST_TALKS:]
    events: list[StoredEvent] = []
    for conversation in (*channel_conversations(ctx, user), *[conversation for conversation, _ in talks]):
        events += conversation.read(store, HistorySpan(_MOST_LINES, after=after, newest=True))
    return events
