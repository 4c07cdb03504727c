"""Stores changes of accounts, registered channels, and always-on users.

A change that is confirmed to a user is stored before it is made (`carry_out`, `store_changes`): with a full disk it is
refused, and nothing has changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from greenchat.chat import documents
from greenchat.chat.account_data.webhooks import Webhook
from greenchat.chat.accounts import Account, DeletedAccount
from greenchat.chat.always_on import document, stays
from greenchat.chat.channel import Channel, ChannelRegistration
from greenchat.chat.network import Network
from greenchat.chat.protection.history_quota import CLOSURE
from greenchat.chat.registered_channels import document as channel_document
from greenchat.chat.tokens import HOOK, Token
from greenchat.commands.core.context import Context
from greenchat.storage.interface import Cut, Document, StoreError, StoreWrite


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the state that must survive. writes: to be stored first. apply: makes the change afterwards."""

    writes: tuple[StoreWrite, ...]
    apply: Callable[[], object]


def carry_out(ctx: Context, *changes: Change) -> None:
    """Store the writes of these changes in one transaction, then make the changes: all of them, or none.

    Raises StoreError, and then nothing is stored and nothing has changed.
    """
    writes = [write for change in changes for write in change.writes]
    if writes:
        ctx.commit(*writes)
    for change in changes:
        change.apply()


def keep_presences(ctx: Context) -> None:
    """Store the always-on users, the channels that exist because of them, and the members of closed channels."""
    network = ctx.network
    for kind, name, value in network.closures.take():
        if kind is documents.CLOSED and isinstance(value, dict) and not value["end"]:  # RENAME stores these, too
            ctx.session.room -= CLOSURE
        if value is None:
            ctx.record(Document(kind.name, name, None))  # it may belong to others: not counted for the sender
        else:
            ctx.keep(kind, name, value)
    for key, upto in network.closures.take_lost():
        ctx.record(*[Cut(conversation, upto) for conversation in conversations_of_channel(network, key)])
    for user in list(network.local.changed_presences):
        if network.user(user.nick) is user and stays(network, user):
            ctx.keep(documents.PRESENCE, user.account_id, document(network, user))
            for channel in network.channels_of(user):
                if channel.registration is None and not channel.is_kept:
                    channel.is_kept = True
                    ctx.record(_of_channel(ctx, channel, None))
    network.local.changed_presences.clear()


def conversations_of_channel(network: Network, folded: str) -> Iterator[str]:
    """Yield the conversations of a channel: that of all members, and those of ranks."""
    yield folded
    for symbol in network.settings.mode_table.symbols:
        yield symbol + folded


def forget_presence(ctx: Context, account_id: str) -> None:
    """Remove a user who is no longer always-on from the store."""
    ctx.keep(documents.PRESENCE, account_id, None)


def change_account(ctx: Context, name: str, **changes: object) -> Account:
    """Change fields of an account, after storing that. Raises StoreError, or KeyError if there is no such account."""
    account = ctx.network.accounts.changed(name, **changes)
    carry_out(ctx, account_update(ctx, account))
    return account


def account_update(ctx: Context, account: Account) -> Change:
    """Return the change that replaces the account of the same name."""
    return Change((_of_account(ctx, account),), lambda: ctx.network.accounts.put(account))


def account_removal(ctx: Context, account: Account) -> Change:
    """Return the change that removes an account, and all data that must not pass to a later account of its name.

    Rows stored by its id are removed, too, so that they do not accumulate. The caller logs out its users, and handles
    its channels, see `services.removal`.
    """
    network = ctx.network
    tokens, files, pushes, webhooks = (
        network.tokens.of(account),
        network.account_data.files.of(account.id),
        network.account_data.pushes.of(account.id),
        network.account_data.webhooks.owned_by(account.id),
    )
    former = [
        Document(documents.ACCOUNT.name, network.fold(account.name), None),
        Document(documents.READ_MARKERS.name, account.id, None),
        Document(documents.PRESENCE.name, account.id, None),
        *[Document(documents.TOKEN.name, token.hash, None) for token in tokens],
        *[Document(documents.FILE.name, file.name, None) for file in files],
        *[Document(documents.PUSH.name, push.endpoint, None) for push in pushes],
        *[Document(documents.WEBHOOK.name, each.id, None) for each in webhooks],
    ]
    others = [
        replace(other, accepted=tuple(key for key in other.accepted if key != account.id))
        for other in network.accounts
        if account.id in other.accepted and other.id != account.id
    ]
    ranks = {
        channel: _without(channel.registration, account.id)
        for channel in network.channels.values()
        if channel.registration
        and channel.registration.founder != account.id
        and account.id in (*channel.registration.access, channel.registration.successor)
    }
    changed = [_of_channel(ctx, channel, registration) for channel, registration in ranks.items()]

    def apply() -> None:
        network.accounts.drop(account.name)
        network.protection.known_origins.forget(account.id)
        for token in tokens:
            network.tokens.drop(token.hash)
        for file in files:
            network.account_data.files.drop(file.name)
        for push in pushes:
            network.account_data.pushes.drop(push.endpoint)
        for webhook in webhooks:
            network.account_data.webhooks.drop(webhook.id)
        for other in others:
            network.accounts.put(other)
        for user in network.users.values():
            user.caller_id.accepted.pop(account.id, None)
        for channel, registration in ranks.items():
            network.set_registration(channel, registration)

    return Change((*former, *changed, *[_of_account(ctx, other) for other in others]), apply)


def _without(registration: ChannelRegistration, account_id: str) -> ChannelRegistration:
    access = {key: rank for key, rank in registration.access.items() if key != account_id}
    successor = "" if registration.successor == account_id else registration.successor
    return replace(registration, access=access, successor=successor)


def name_reservation(ctx: Context, account: Account) -> Change:
    """Return the change that reserves the name of an account that is given up.

    A new owner could be taken for the former one.
    """
    dropped = DeletedAccount(account.name, account.id, ctx.now)
    write = Document(documents.DROPPED.name, ctx.network.fold(account.name), dropped.document())
    return Change((write,), lambda: ctx.network.accounts.reserve(dropped))


def name_release(ctx: Context, dropped: DeletedAccount) -> Change:
    """Return the change that lets the name of a former account be registered again."""
    write = Document(documents.DROPPED.name, ctx.network.fold(dropped.name), None)
    return Change((write,), lambda: ctx.network.accounts.free(dropped.name))


def free_name(ctx: Context, name: str) -> DeletedAccount | None:
    """Let the name of a former account be registered again; None if there is none. Raises StoreError."""
    dropped = ctx.network.accounts.reserved(name)
    if dropped:
        carry_out(ctx, name_release(ctx, dropped))
    return dropped


def keep_account(ctx: Context, account: Account) -> None:
    """Store the present state of an account, without confirming it to anybody."""
    ctx.record(_of_account(ctx, account))


def _of_account(ctx: Context, account: Account) -> Document:
    return Document(documents.ACCOUNT.name, ctx.network.fold(account.name), account.document())


@contextmanager
def store_changes(ctx: Context, channel: Channel) -> Iterator[None]:
    """Store the block's changes to a channel at its end, before anybody hears of them.

    Raises StoreError if that fails, and then the channel is unchanged.
    """
    registration = channel.registration
    if registration is None and not channel.is_kept:
        yield
        return
    before, stored = channel.operator_settings(), channel_document(channel, registration)
    yield
    if channel_document(channel, registration) == stored:
        return
    try:
        secure_channel(ctx, channel, registration)
    except StoreError:
        channel.restore_operator_settings(before)
        raise


def register_channel(ctx: Context, channel: Channel, registration: ChannelRegistration | None) -> None:
    """Set a channel's registration, as `registration_update` does. Raises StoreError."""
    carry_out(ctx, registration_update(ctx, channel, registration))


def registration_update(ctx: Context, channel: Channel, registration: ChannelRegistration | None) -> Change:
    """Return the change that sets or removes a channel's registration.

    Without one its hooks and webhooks end, so that they do not pass to the next owner.
    """
    network = ctx.network
    tokens, webhooks = ([], []) if registration else hooks_of(network, channel.name)
    is_kept = registration is None and _has_always_on_member(ctx, channel)
    stored = channel_document(channel, registration) if registration or is_kept else None

    def apply() -> None:
        for token in tokens:
            network.tokens.drop(token.hash)
        for webhook in webhooks:
            network.account_data.webhooks.drop(webhook.id)
        channel.is_kept = is_kept
        network.set_registration(channel, registration)

    writes = (
        Document(documents.CHANNEL.name, network.fold(channel.name), stored),
        *[Document(documents.TOKEN.name, each.hash, None) for each in tokens],
        *[Document(documents.WEBHOOK.name, each.id, None) for each in webhooks],
    )
    return Change(writes, apply)


def hooks_of(network: Network, name: str) -> tuple[list[Token], list[Webhook]]:
    """Return the hooks that may speak in a channel, and the webhooks that receive its messages."""
    folded = network.fold(name)
    tokens = [each for each in network.tokens if each.kind == HOOK and network.fold(each.channel) == folded]
    return tokens, [each for each in network.account_data.webhooks if network.fold(each.channel) == folded]


def _has_always_on_member(ctx: Context, channel: Channel) -> bool:
    return any(stays(ctx.network, member) for member in channel.members if member.account_id)


def keep_channel(ctx: Context, channel: Channel) -> None:
    """Store the present state of a channel, if it is stored at all, without confirming it to anybody."""
    if channel.registration or channel.is_kept:
        ctx.record(_of_channel(ctx, channel, channel.registration))


def secure_channel(ctx: Context, channel: Channel, registration: ChannelRegistration | None) -> None:
    """Store a channel with its present or future registration. Raises StoreError."""
    ctx.commit(_of_channel(ctx, channel, registration))


def _of_channel(ctx: Context, channel: Channel, registration: ChannelRegistration | None) -> Document:
    stored = channel_document(channel, registration) if registration or channel.is_kept else None
    return Document(documents.CHANNEL.name, ctx.network.fold(channel.name), stored)
