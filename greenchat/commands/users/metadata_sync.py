"""Sends metadata to subscribers: changes as they happen, and the present values.

https://ircv3.net/specs/extensions/metadata, "Notifications" and "Automatic synchronization". A target is a user or a
channel; its values change in `change` alone, which also stores them.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from greenchat.chat.channel import Channel
from greenchat.chat.metadata import changed, difference
from greenchat.chat.user import Session, User
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import change_account, keep_account, store_changes
from greenchat.commands.users.metadata_wire import MetadataNotification, is_aware
from greenchat.protocol import caps
from greenchat.protocol.numerics import Numeric
from greenchat.storage.interface import StoreError

Target = Channel | User

ALL = "*ALL"
AT_ONCE = 100  # values sent on a JOIN or a SUB; beyond that the client has to ask for them
LATER = 3  # seconds for the client to wait before it asks


def name_of(target: Target) -> str:
    """Return the target's name in messages."""
    return target.name if isinstance(target, Channel) else target.nick


def change(ctx: Context, target: Target, changes: Mapping[str, str]) -> None:
    """Change values of a target, with "" removing a key; store them, and tell the subscribers.

    Raises StoreError, and then nothing has changed.
    """
    after = changed(target.metadata, changes, ctx.network.settings.metadata.keys)
    changes_made = difference(target.metadata, after)
    if not changes_made:
        return
    if isinstance(target, Channel):
        with store_changes(ctx, target):
            target.metadata = after
    else:
        if target.account:
            change_account(ctx, target.account, metadata=dict(after))
        target.metadata = after
    # "excluding changes the subscriber made on themselves": the session that made them has its answer
    _tell(ctx, target, changes_made, (session for session in _listeners(ctx, target) if session is not ctx.session))


def follow_account(ctx: Context, user: User, account: str) -> None:
    """Replace the metadata of a user who is about to log in to an account, or out with "".

    A guest's values are added to the account's.
    """
    before = user.metadata
    owner = ctx.network.accounts.get(account) if account else None
    own = {} if user.account else before
    most = ctx.network.settings.metadata.keys
    user.metadata = changed(owner.metadata, own, most) if owner else {}
    if owner and own:
        keep_account(ctx, ctx.network.accounts.put(replace(owner, metadata=dict(user.metadata))))
    _tell(ctx, user, difference(before, user.metadata), _listeners(ctx, user))


def take_pending(ctx: Context, user: User) -> None:
    """Give a user the metadata that the session set before it was registered."""
    use = ctx.session.metadata
    if use and use.pending:
        pending, use.pending = use.pending, {}
        with suppress(StoreError):  # no reason to abort a welcome
            change(ctx, user, pending)


def send_own(ctx: Context, user: User) -> None:
    """Send a session its own metadata in the welcome.

    "This batch MUST include all visible keys set on the client, irrespective of whether the client has subscribed to
    that key."
    """
    if is_aware(ctx.session):
        with ctx.batch("metadata", user.nick):
            for key, value in user.metadata.items():
                MetadataNotification(ctx, user.nick, key, value).tell(ctx.session)


def sync_joined(ctx: Context, channel: Channel, session: Session) -> None:
    """Send a session the metadata of a channel that its user has joined.

    "either a `metadata` batch containing the channel's metadata as well as the metadata for all users on the channel or
    a `774`".
    """
    user, use = session.user, session.metadata
    if user is None or not is_aware(session):
        return
    to = ctx if session is ctx.session else ctx.for_session(session)
    keys = use.subscriptions if use else {}
    targets = list(with_values(_seen_in(channel, user), keys))
    if sum(len(target.metadata) for target in targets) > AT_ONCE:
        to.reply(Numeric.ERR_METADATASYNCLATER, channel.name, str(LATER))
        return
    for _ in sync(to, channel, targets, keys):
        pass


def sync_online(ctx: Context, session: Session, user: User) -> None:
    """Send a session the metadata of a monitored user who has come online, if it has subscribed to any."""
    keys = session.metadata.subscriptions if session.metadata else {}
    if keys and is_aware(session):
        to = ctx if session is ctx.session else ctx.for_session(session)
        for _ in sync(to, user, [user], keys):
            pass


def tell_arrival(ctx: Context, channel: Channel, user: User) -> None:
    """Send the members of a channel the metadata of a user who has joined it.

    The specification leaves that out, "servers MAY send this message to clients at any time": otherwise nobody would
    learn the values of later members.
    """
    if user.metadata:
        sessions = (session for member in channel.witnesses(user) if member is not user for session in member.sessions)
        _tell(ctx, user, user.metadata, sessions)


def sync(ctx: Context, of: Target | None, targets: Iterable[Target], keys: Iterable[str]) -> Iterator[None]:
    """Send the sender the values of these targets under these keys, one target a step.

    of: the target of the batch, including a channel's members; None: all subscribed targets.
    """
    ctx.network.catch_up(ctx.session)
    wanted = dict.fromkeys(keys)
    with ctx.batch("metadata", name_of(of) if of else ALL):
        for target in targets:
            if _is_still_there(ctx, target) and _is_still_visible(ctx, of, target):
                for key in wanted:
                    if key in target.metadata:
                        MetadataNotification(ctx, name_of(target), key, target.metadata[key]).tell(ctx.session)
            yield


def with_values(targets: Iterable[Target], keys: Mapping[str, None]) -> Iterator[Target]:
    """Yield the targets that have a value under one of the keys."""
    for target in targets if keys else ():
        if target.metadata and not target.metadata.keys().isdisjoint(keys):
            yield target


def seen_with(ctx: Context, target: Target) -> Iterator[Target]:
    """Return the target of a SYNC, and for a channel all members that the sender sees."""
    if isinstance(target, Channel):
        yield from _seen_in(target, ctx.user)
    else:
        yield target


def visible_targets(ctx: Context) -> Iterator[Target]:
    """Yield the "channels or users that a client would receive metadata notifications about", once each."""
    network, user = ctx.network, ctx.user
    targets: dict[Target, None] = {user: None}
    for channel in network.channels_of(user):
        targets[channel] = None
        targets.update(dict.fromkeys(_members_seen(channel, user)))  # hundreds of thousands with many repetitions
    for folded in network.local.monitors.targets(ctx.session):
        monitored = network.users.get(folded)
        if monitored:
            targets[monitored] = None
    yield from targets


def whois_lines(ctx: Context, user: User) -> None:
    """Yield the metadata in WHOIS, only to clients with the capability: others would show raw numerics.

    "a subset of that metadata MAY be sent", "optimised for keys that can be easily read by users".
    """
    if ctx.session.caps & caps.METADATA:
        for key in _FOR_PEOPLE:
            if key in user.metadata:
                ctx.reply(Numeric.RPL_WHOISKEYVALUE, user.nick, key, "*", user.metadata[key])


_FOR_PEOPLE = ("display-name", "pronouns", "status", "homepage", "color")


def _seen_in(channel: Channel, viewer: User) -> Iterator[Target]:
    yield channel
    yield from _members_seen(channel, viewer)


def _members_seen(channel: Channel, viewer: User) -> Iterable[User]:
    if "u" not in channel.flags:
        return channel.members
    return [member for member in channel.members if channel.sees(viewer, member)]


def _is_still_there(ctx: Context, target: Target) -> bool:
    """Whether a target still exists: a long answer takes several turns."""
    network = ctx.network
    if isinstance(target, Channel):
        return network.channel(target.name) is target and target.is_visible_to(ctx.user)
    return network.user(target.nick) is target


def _is_still_visible(ctx: Context, of: Target | None, target: Target) -> bool:
    """Whether the sender still may see a target, which may have left a channel since. of: see `sync`."""
    network, user = ctx.network, ctx.user
    if target is of:
        return True
    if isinstance(of, Channel):
        return isinstance(target, User) and target in of.members and of.sees(user, target)
    if isinstance(target, Channel):
        return user in target.members
    if target is user or network.fold(target.nick) in network.local.monitors.targets(ctx.session):
        return True
    shared = map(network.channels.__getitem__, target.channels.keys() & user.channels.keys())
    return any(channel.sees(user, target) for channel in shared)


def _listeners(ctx: Context, target: Target) -> Iterator[Session]:
    """Return the sessions to notify about a target, its own included, once each.

    "to channels that subscriber is joined to, to other clients in the channels that subscriber is joined to, and to
    users that subscriber is currently monitoring".
    """
    if isinstance(target, Channel):
        for member in target.members:
            yield from member.sessions
        return
    near = {target}
    yield from target.sessions
    for peer in ctx.network.peers(target):
        near.add(peer)
        yield from peer.sessions
    for session in ctx.network.local.monitors.watchers(ctx.network.fold(target.nick)):
        if session.user not in near:
            yield session


def _tell(ctx: Context, target: Target, values: Mapping[str, str], sessions: Iterable[Session]) -> None:
    """Notify the sessions that have subscribed to one of the keys."""
    notices_by_key = {key: MetadataNotification(ctx, name_of(target), key, value) for key, value in values.items()}
    for session in sessions:
        use = session.metadata
        if use and is_aware(session):
            for key in values:
                if key in use.subscriptions:
                    notices_by_key[key].tell(session)
