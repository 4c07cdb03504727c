"""MARKREAD: read markers, shared by the devices of a user. https://ircv3.net/specs/extensions/read-marker"""

from collections.abc import Iterator

from greenchat.chat import documents
from greenchat.chat.channel import Channel
from greenchat.chat.network import Network
from greenchat.chat.read_markers import ReadMarkers
from greenchat.chat.user import Session, User
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.history_events import identity
from greenchat.commands.core.registry import command
from greenchat.commands.history.conversations import Conversation, channel_conversation, readable_conversation
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.times import format_time, parse_time
from greenchat.storage.interface import Document, StoreError


@command("MARKREAD")
def markread(ctx: Context) -> None:
    """MARKREAD <target> [timestamp=<time>]

    Show or set the read marker of a conversation, which your other devices share.
    """
    params = ctx.message.params
    if not params or not params[0]:
        raise FailError("MARKREAD", "NEED_MORE_PARAMS", text="Missing parameters")
    conversation = readable_conversation(ctx, params[0])
    if conversation is None:
        raise FailError("MARKREAD", "INVALID_PARAMS", params[0], text="Invalid target")
    markers = read_markers_of(ctx, ctx.user)
    _follow_renaming(ctx, ctx.user, conversation)
    ctx.session.active = ctx.now  # the user is reading
    # `*` is not a time to set ("MUST NOT be a literal `*`") and answered like a question
    if len(params) > 1 and params[1] != "*":
        moved = markers.moved(conversation.key, min(_time(params[1]), ctx.now))
        if moved:
            if ctx.user.account:
                ctx.commit(Document(documents.READ_MARKERS.name, markers.owner, moved))
            markers.times = moved
            _tell_others(ctx, _reply(ctx, conversation, markers))
    ctx.respond(_reply(ctx, conversation, markers))


def read_marker_reply(ctx: Context, session: Session, channel: Channel) -> Iterator[Envelope]:
    """Yield the marker after a JOIN.

    "the server MUST send a MARKREAD command for that channel ... before the RPL_ENDOFNAMES reply".
    """
    if session.user and session.caps & caps.READ_MARKER:
        try:
            markers = read_markers_of(ctx, session.user)
        except FailError:
            return  # the store can't be read now: no reason to abort the rest of a JOIN
        conversation = channel_conversation(ctx, channel, session.user)
        _follow_renaming(ctx, session.user, conversation)
        yield _reply(ctx, conversation, markers)


def read_markers_of(ctx: Context, user: User) -> ReadMarkers:
    """Return a user's markers: those of the account, or of a guest while connected. Raises FailError."""
    owner = identity(ctx.network, user)
    if user.read_markers is None or user.read_markers.owner != owner:
        user.read_markers = ReadMarkers(owner, _stored_times(ctx, owner) if user.account else {})
    return user.read_markers


def read_markers_after_renaming(network: Network, channel: Channel, new: str) -> Iterator[tuple[User, dict[str, int]]]:
    """Yield the members of a channel that will be renamed, with their new markers.

    new: its folded name. "A channel rename preserves all channel state"; the markers of others follow when they are
    asked for.
    """
    old = network.fold(channel.name)
    for member in channel.members:
        markers = member.read_markers
        if markers is not None and markers.owner == member.identity and old != new:
            times = markers.renamed(old, new)
            if times:
                yield member, times


def _follow_renaming(ctx: Context, user: User, conversation: Conversation) -> None:
    """Move the marker of a user who was not a member when the channel was renamed, while its former name is known."""
    markers = read_markers_of(ctx, user)
    if not conversation.is_channel or conversation.key in markers.times:
        return
    before = markers.times
    for old, channel in ctx.network.renamed.items():
        if ctx.network.fold(channel.name) == conversation.key:
            markers.times = markers.renamed(old, conversation.key) or markers.times
    if user.account and markers.times is not before:
        ctx.keep(documents.READ_MARKERS, markers.owner, markers.times)


def _stored_times(ctx: Context, owner: str) -> dict[str, int]:
    try:
        times = ctx.journal.store.document(documents.READ_MARKERS.name, owner)
        return {} if times is None else documents.fields_of(times)
    except (StoreError, TypeError) as error:
        raise FailError("MARKREAD", "INTERNAL_ERROR", "*", text="The read timestamps could not be read") from error


def _reply(ctx: Context, conversation: Conversation, markers: ReadMarkers) -> Envelope:
    time = markers.times.get(conversation.key)
    return ctx.envelope("MARKREAD", conversation.name, "*" if time is None else f"timestamp={format_time(time)}")


def _tell_others(ctx: Context, reply: Envelope) -> None:
    """Tell the user's other sessions, and nobody else: "The read markers ... MUST NOT be disclosed to other users"."""
    for session in ctx.user.sessions:
        if session is not ctx.session and session.caps & caps.READ_MARKER:
            ctx.send(session, reply)


def _time(text: str) -> int:
    try:
        if not text.startswith("timestamp="):
            raise ValueError(text)
        return parse_time(text.removeprefix("timestamp="))
    except ValueError:
        raise FailError("MARKREAD", "INVALID_PARAMS", text, text="Invalid timestamp") from None
