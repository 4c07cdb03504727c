"""HistServ: the history for users of clients without CHATHISTORY and REDACT, and for operators.

https://ircv3.net/specs/extensions/message-redaction says who may delete; operators with the right may delete all.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred, Streamed
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, may, service, tell
from greenchat.commands.core.steps import step
from greenchat.commands.history.conversations import Conversation, readable_conversation
from greenchat.commands.history.files import drop_many, files_linked
from greenchat.commands.history.reading import reading
from greenchat.commands.messages.redact import fields_of, find_message, require_right, take_back
from greenchat.protocol.msgid import first_id
from greenchat.storage.interface import NOWHERE, Erasure, HistoryReader, HistorySpan, Location, StoredEvent, StoreError
from greenchat.values.durations import parse_duration

HISTSERV = service("HistServ", "HistServ shows and deletes earlier messages.")

_PORTION = 100  # messages deleted in one turn
_LINES = 100  # lines of PLAY by default
_UNREADABLE = "The history can't be read now: try again"
_ACTION = "\x01ACTION "


@HISTSERV.command("PLAY", "<#channel|nick> [<count|time>]", way=Way.HERE)
def play(ctx: Context, words: list[str]) -> Deferred:
    """Show the last 100 messages of a channel, or of your conversation with a user.

    `PLAY #chan 20` shows the last 20, `PLAY #chan 2h` those of the last two hours. Times are UTC.
    """
    limit, after = _span(ctx, words[1] if len(words) > 1 else str(_LINES))
    conversation = _conversation(ctx, words[0])

    def read(store: HistoryReader) -> list[StoredEvent]:
        return conversation.read(store, HistorySpan(limit, after, newest=True))

    def then(ctx: Context, found: list[StoredEvent] | StoreError) -> Streamed:
        now = _conversation(ctx, words[0])
        if isinstance(found, StoreError) or now.key != conversation.key:
            raise ServiceError(_UNREADABLE)
        readable = [event for event in found if now.shows(event.id) and event.conversation in now.keys]
        return Streamed(_tell_again(ctx, readable))

    return reading(ctx, read, then)


@HISTSERV.command("DELETE", "<#channel|nick> <msgid>", way=Way.STEPS)
def delete(ctx: Context, words: list[str]) -> None:
    """Delete a message: one of yours or, in a channel where you are an operator, any.

    The id is the message's tag `msgid`; some clients show it.
    """
    target, msgid = words[:2]
    conversation = _conversation(ctx, target, everywhere=may(ctx, "history"))
    try:
        event = find_message(ctx, conversation, msgid)
    except FailError as error:
        raise ServiceError(error.text) from error
    if event is None:
        raise ServiceError("There is no such message")
    _require_right(ctx, conversation, event)
    ctx.propose(_delete, target, *fields_of(event), files_linked(ctx, event))


@step("histserv.deleted")
def _delete(
    ctx: Context, target: str, key: str, number: int, source: str, account: str, files: Sequence[str] = ()
) -> None:
    conversation = _conversation(ctx, target, everywhere=may(ctx, "history"))
    event = StoredEvent(number, key, "", source, (), account)
    if key not in conversation.keys:
        raise ServiceError("There is no such message")
    takes_right = _require_right(ctx, conversation, event)
    refuse = partial(tell, ctx, HISTSERV, "The message could not be deleted: try again")
    take_back(ctx, conversation, event, files, "", refuse)
    if takes_right:
        speaker = ctx.network.protection.cloaks.source(source)
        act(ctx, "HISTSERV", f"{ctx.nick} deleted the message {event.msgid} of {speaker} in {conversation.name}")
    tell(ctx, HISTSERV, "The message was deleted")


def _require_right(ctx: Context, conversation: Conversation, event: StoredEvent) -> bool:
    """Whether deleting this needs an operator right. Raises ServiceError if the sender may not."""
    try:
        require_right(ctx, conversation, event)
    except FailError as error:
        if may(ctx, "history"):
            return True
        raise ServiceError(error.text) from error
    return False


@HISTSERV.command("FORGET", "<account>", right="history", way=Way.STEPS)
def forget(ctx: Context, words: list[str]) -> Deferred:
    """Delete all messages and files of an account, in channels and in private, permanently.

    This takes a while: stay connected until it is done. Clients keep their own copies.
    """
    account = ctx.network.accounts.get(words[0])
    name = account.name if account else words[0]
    act(ctx, "HISTSERV", f"{ctx.nick} deletes all messages of the account {name}")
    store, fold = ctx.journal.store, ctx.network.fold

    def spellings() -> list[str] | StoreError:
        """Yield the spellings of the name: it may have been registered more than once, under other casemappings."""
        try:
            return [each for each in store.accounts() if fold(each) == fold(name)]
        except StoreError as error:
            return error

    return Deferred(spellings, lambda ctx, found: _forget_more(ctx, name, found, NOWHERE, 0))


def _forget_more(ctx: Context, name: str, spellings: list[str] | StoreError, after: Location, count: int) -> Deferred:
    if isinstance(spellings, StoreError):
        raise ServiceError(f"{_UNREADABLE}. {count} messages of {name} were deleted")
    store = ctx.journal.store

    def work() -> list[Location] | StoreError:
        try:
            return store.said_by(spellings, after, _PORTION)
        except StoreError as error:
            return error

    def then(ctx: Context, found: list[Location] | StoreError) -> Deferred | None:
        if isinstance(found, StoreError):
            raise ServiceError(f"{_UNREADABLE}. {count} messages of {name} were deleted")
        if not found:
            account = ctx.network.accounts.get(name)
            if account:
                drop_many(ctx, [file.name for file in ctx.network.owned.files.of(account.id)])
            tell(ctx, HISTSERV, f"{count} messages of {name} were deleted")
            return None
        ctx.propose(erase_messages, [[location.conversation, location.id] for location in found])
        return _forget_more(ctx, name, spellings, found[-1], count + len(found))

    return Deferred(work, then)


@step("history.erased")
def erase_messages(ctx: Context, messages: list[tuple[str, int]]) -> None:
    """Erase messages: (conversation, id) of each. Raises StoreError."""
    ctx.commit(*[Erasure(key, number) for key, number in messages])


def _conversation(ctx: Context, target: str, *, everywhere: bool = False) -> Conversation:
    """Return the conversation to read. Raises ServiceError.

    everywhere: whether to include channels without the sender, former channels, and messages to ranks.
    """
    if everywhere and target.startswith("#"):
        channel, folded = ctx.network.channel(target), ctx.network.fold(target)
        ranked = tuple(symbol + folded for symbol in ctx.network.settings.mode_table.symbols)
        return Conversation(channel.name if channel else target, folded, ranked=ranked)
    conversation = readable_conversation(ctx, target)
    if conversation is None:
        how = ": join the channel first" if target.startswith("#") else ""
        raise ServiceError(f"You can't read {target[:50]}{how}")
    return conversation


def _span(ctx: Context, text: str) -> tuple[int, int]:
    """Return the number of messages to show, and the id before the first."""
    page = ctx.network.settings.history.page
    if text.isascii() and text.isdecimal() and int(text):
        return min(int(text), page), 0
    seconds = parse_duration(text)
    if not seconds:
        raise ServiceError(f"{text[:50]} is neither a count nor a duration like 30m, 2h or 1d")
    return page, first_id(max(0, ctx.now - seconds * 1000))


def _tell_again(ctx: Context, events: list[StoredEvent]) -> Iterator[None]:
    ctx.weight += len(events) // _PORTION
    for event in events:
        if ctx.journal.has_erased(event.conversation, event.id):
            continue
        time = datetime.fromtimestamp(event.time / 1000, UTC)
        nick = event.source.partition("!")[0]
        for line in event.params[-1].split("\n"):
            action = line.removeprefix(_ACTION).rstrip("\x01")
            said = f"<{nick}> {line}" if action == line else f"* {nick} {action}"
            tell(ctx, HISTSERV, f"{time:%Y-%m-%d %H:%M:%S} {said}")
        yield
    tell(ctx, HISTSERV, f"End of history: {len(events)} messages")
