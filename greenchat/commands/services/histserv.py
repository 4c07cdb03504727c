"""HistServ: the history for users of clients without CHATHISTORY and REDACT, and for operators.

https://ircv3.net/specs/extensions/message-redaction says who may delete; operators with the right may delete all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from greenchat.commands.messages.redact import fields_of, find_message, redact_message, require_right
from greenchat.protocol.msgid import LAST_ID, first_id
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

    def then(ctx: Context, result: list[StoredEvent] | StoreError) -> Streamed:
        now = _conversation(ctx, words[0])
        if isinstance(result, StoreError) or now.key != conversation.key:
            raise ServiceError(_UNREADABLE)
        readable = [event for event in result if now.shows(event.id) and event.conversation in now.keys]
        return Streamed(_replay_events(ctx, readable))

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
    redact_message(ctx, conversation, event, files, "", refuse)
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


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """An account whose messages are deleted, as `name` was spelled at any time. birth: the first msgid of this account.

    former: whether to delete what came before, of former accounts of that name. count, left: messages deleted, and not.
    """

    name: str
    spellings: Sequence[str]
    birth: int
    former: bool
    count: int = 0
    left: int = 0


@HISTSERV.command("FORGET", "<account> [FORMER]", right="history", way=Way.STEPS)
def forget(ctx: Context, words: list[str]) -> Deferred:
    """Delete all messages and files of an account, in channels and in private, permanently.

    FORMER deletes the messages of former accounts of that name instead, if it belongs to somebody else now. This takes
    a while: stay connected until it is done. Clients keep their own copies.
    """
    account = ctx.network.accounts.get(words[0])
    name = account.name if account else words[0]
    former = [word.upper() for word in words[1:]] == ["FORMER"]
    if words[1:] and not former:
        raise ServiceError("Usage: FORGET <account> [FORMER]")
    what = f"former accounts of the name {name}" if former and account else f"the account {name}"
    act(ctx, "HISTSERV", f"{ctx.nick} deletes all messages of {what}")
    store, fold = ctx.journal.store, ctx.network.fold
    # without an account of this name they are all of former ones
    birth = account.birth if account else LAST_ID if former else 0

    def spellings() -> list[str] | StoreError:
        """Return the spellings of the name: it may have been registered more than once, under other casemappings."""
        try:
            return [each for each in store.accounts() if fold(each) == fold(name)]
        except StoreError as error:
            return error

    def then(ctx: Context, result: list[str] | StoreError) -> Deferred:
        if isinstance(result, StoreError):
            raise ServiceError(f"{_UNREADABLE}. 0 messages of {name} were deleted")
        return _forget_more(ctx, _Forgotten(name, result, birth, former), NOWHERE)

    return Deferred(spellings, then)


def _forget_more(ctx: Context, whose: _Forgotten, after: Location) -> Deferred:
    store = ctx.journal.store

    def work() -> list[Location] | StoreError:
        try:
            return store.said_by(whose.spellings, after, _PORTION)
        except StoreError as error:
            return error

    def then(ctx: Context, result: list[Location] | StoreError) -> Deferred | None:
        if isinstance(result, StoreError):
            raise ServiceError(f"{_UNREADABLE}. {whose.count} messages of {whose.name} were deleted")
        if not result:
            _forget_files(ctx, whose)
            return None
        due = [each for each in result if (each.id < whose.birth) == whose.former]
        if due:
            ctx.propose(erase_messages, [[location.conversation, location.id] for location in due])
        count, left = whose.count + len(due), whose.left + len(result) - len(due)
        return _forget_more(ctx, replace(whose, count=count, left=left), result[-1])

    return Deferred(work, then)


def _forget_files(ctx: Context, whose: _Forgotten) -> None:
    """Delete the files of an account, and tell the sender what was done."""
    account = ctx.network.accounts.get(whose.name)
    if account and not whose.former:
        drop_many(ctx, [file.name for file in ctx.network.account_data.files.of(account.id)])
    tell(ctx, HISTSERV, f"{whose.count} messages of {whose.name} were deleted")
    if whose.left and not whose.former:
        hint = f"/msg HistServ FORGET {whose.name} FORMER deletes them"
        tell(ctx, HISTSERV, f"{whose.left} messages are of former accounts of this name: {hint}")


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


def _replay_events(ctx: Context, events: list[StoredEvent]) -> Iterator[None]:
    ctx.weight += len(events) // _PORTION
    for event in events:
        if ctx.journal.has_erased(event.conversation, event.id):
            continue
        time = datetime.fromtimestamp(event.time / 1000, UTC)
        nick = event.source.partition("!")[0]
        for line in event.params[-1].split("\n"):
            action = line.removeprefix(_ACTION).rstrip("\x01")
            shown = f"<{nick}> {line}" if action == line else f"* {nick} {action}"
            tell(ctx, HISTSERV, f"{time:%Y-%m-%d %H:%M:%S} {shown}")
        yield
    tell(ctx, HISTSERV, f"End of history: {len(events)} messages")
