"""The conversations that a client may read: of channels, and direct ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.storage.interface import HistoryReader, HistorySpan, HistoryTarget, StoredEvent, direct_key, members_of
from greenchat.values.names import CHANNEL_BYTES

_STAR = "*"
_IN_NO_NAME = frozenset(" ,!@#")  # characters that no nickname, account or identity has


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as its reader names it.

    key: in the store. hidden: the spans of ids that the reader may not see, inclusive, in order: see `closures`.
    ranked: keys of the channel's conversations for ranks that include the reader's.
    """

    name: str
    key: str
    hidden: tuple[tuple[int, int], ...] = ()
    ranked: tuple[str, ...] = ()

    @property
    def is_channel(self) -> bool:
        """Whether it is a channel's."""
        return self.name.startswith("#")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all conversations that belong to it."""
        return (self.key, *self.ranked)

    def read(self, store: HistoryReader, span: HistorySpan) -> list[StoredEvent]:
        """Return a part of it, oldest first, without hidden events. From any thread. Raises StoreError."""
        result: list[StoredEvent] = []
        parts = list(self._seen(span.after, span.before))
        for after, before in reversed(parts) if span.newest else parts:
            part = replace(span, after=after, before=before, limit=span.limit - len(result))
            events = self._read(store, part)
            result = events + result if span.newest else result + events
            if len(result) >= span.limit:
                break
        return result

    def shows(self, msgid: int) -> bool:
        """Whether the reader may see the event with this id."""
        return not any(start <= msgid <= end for start, end in self.hidden)

    def _seen(self, after: int, before: int) -> Iterator[tuple[int, int]]:
        """Return the visible spans between two ids, both excluded."""
        for start, end in self.hidden:
            if start - 1 > after:
                yield after, min(start, before)
            after = max(after, end)
            if after >= before:
                return
        yield after, before

    def _read(self, store: HistoryReader, span: HistorySpan) -> list[StoredEvent]:
        events = store.read(self.key, span)
        if not self.ranked:
            return events
        for key in self.ranked:
            events += store.read(key, span)
        events.sort(key=lambda event: event.id)
        return events[max(0, len(events) - span.limit) :] if span.newest else events[: span.limit]


def readable_conversation(ctx: Context, target: str) -> Conversation | None:
    """Return the conversation with a target; None if the client may not read it, or if the name is invalid.

    Only members can read a channel's. For nicknames see `_identity_of`.
    """
    network = ctx.network
    if target.startswith("#"):
        channel = network.channel(target)
        if channel is None or ctx.user not in channel.members:
            return None
        return channel_conversation(ctx, channel, ctx.user)
    if target[:1] in ("", _STAR) or not _IN_NO_NAME.isdisjoint(target) or len(target.encode()) > CHANNEL_BYTES:
        return None  # no nickname and no account has such a name
    other = network.user(target)
    name = other.nick if other else target
    return Conversation(name, direct_key(ctx.user.identity, _identity_of(ctx, target)))


def _identity_of(ctx: Context, name: str) -> str:
    """Return the identity for a name in a direct conversation.

    The first found counts: the user with this nickname, the account of that name, the last user with the nickname, the
    deleted account. For other identities `name_of` makes a name that contains the identity, like `bob*~0abc`: no
    nickname has a star. Conversations of deleted accounts from version 0.1.0 are found by name.
    """
    network = ctx.network
    _, star, identity = name.partition(_STAR)
    if star:
        return identity
    user = network.user(name)
    if user is not None:
        return user.identity
    known = network.accounts.id_of(name)
    if not known:
        known = next((departed.identity for departed in network.whowas.of(network.fold(name))), "")
    if not known:
        dropped = network.accounts.reserved(name)
        known = dropped.id if dropped and network.fold(dropped.name) == network.fold(name) else ""
    return known or network.fold(name)


def channel_conversation(ctx: Context, channel: Channel, reader: User) -> Conversation:
    """Return the conversation of a channel, with the spans hidden from the reader: see `chat.closures`."""
    folded = ctx.network.fold(channel.name)
    hidden = ctx.network.closures.hidden(folded, channel, reader)
    ranked: tuple[str, ...] = ()
    if channel.members.get(reader):
        table = ctx.network.settings.mode_table
        ranks = zip(table.prefixes, table.symbols, strict=True)
        ranked = tuple(symbol + folded for letter, symbol in ranks if channel.is_at_least(reader, letter))
    return Conversation(channel.name, folded, hidden, ranked)


def channel_conversations(ctx: Context, reader: User) -> list[Conversation]:
    """Return the conversations of a user's channels."""
    return [channel_conversation(ctx, ctx.network.channels[key], reader) for key in reader.channels]


def updated_conversations(
    store: HistoryReader, who: str, channels: Sequence[Conversation], after: int, before: int
) -> list[tuple[Conversation, HistoryTarget]]:
    """Return the conversations whose latest message lies between two ids, oldest first.

    Only `channels`, and the direct conversations of an identity, count. From any thread. Raises StoreError.
    """
    conversations = {key: conversation for conversation in channels for key in conversation.keys}
    latest: dict[str, tuple[Conversation, HistoryTarget]] = {}
    for target in store.targets(who, conversations, after, before):
        conversation = conversations.get(target.conversation) or Conversation("", target.conversation)
        if not conversation.shows(target.latest):
            seen = conversation.read(store, HistorySpan(1, after, before, newest=True))
            if not seen:
                continue
            target = HistoryTarget(seen[-1].conversation, seen[-1].id)
        latest.pop(conversation.key, None)  # a message to ranks is older
        latest[conversation.key] = (conversation, target)
    return sorted(latest.values(), key=lambda each: each[1].latest)


def channel_key(ctx: Context, conversation: str) -> str:
    """Return the key of the channel of a conversation of all or some of its members; "" for a direct one."""
    key = conversation.lstrip(ctx.network.settings.mode_table.symbols)
    return key if key.startswith("#") else ""


def may_read(ctx: Context, event: StoredEvent) -> bool:
    """Whether the sender may now read an event of one of the sender's conversations."""
    key = channel_key(ctx, event.conversation)
    if not key:
        return ctx.user.identity in members_of(event.conversation)
    channel = ctx.network.channels.get(key)
    if channel is None or ctx.user not in channel.members:
        return False
    conversation = channel_conversation(ctx, channel, ctx.user)
    return conversation.shows(event.id) and event.conversation in conversation.keys


def nicks_by_identity(ctx: Context) -> dict[str, str]:
    """Return the nicknames of all users by identity."""
    return {user.identity: user.nick for user in ctx.network.users.values()}


def name_of(ctx: Context, conversation: str, latest: StoredEvent | None, nicks: Mapping[str, str]) -> str:
    """Return the name of a conversation for its reader; "" if it can no longer be read.

    That is the channel, or the other user's present or last nickname; if another user has that nickname now, with the
    identity after a star, so that the name works in every command. latest: the last event in it.
    """
    network = ctx.network
    key = channel_key(ctx, conversation)
    if key:
        channel = network.channels.get(key)
        return channel.name if channel and ctx.user in channel.members else ""
    one, other = members_of(conversation)
    if other == ctx.user.identity:
        other = one
    elif one != ctx.user.identity:
        return ""  # the sender has logged in or out meanwhile
    if other in nicks or latest is None:
        return nicks.get(other, "")
    account = network.accounts.by_id(other)
    if account:
        name = account.name
    else:
        name = latest.params[0] if is_by(ctx, ctx.user, latest) else latest.source.partition("!")[0]
    return name if _identity_of(ctx, name) == other else f"{name}{_STAR}{other}"


def is_by(ctx: Context, user: User, event: StoredEvent) -> bool:
    """Whether a user sent an event: by account, or as the same guest under any nick and host."""
    if event.account:
        return user.account_id != "" and ctx.network.accounts.author(event.account, event.id) == user.account_id
    return user.was(event.source, event.id)
