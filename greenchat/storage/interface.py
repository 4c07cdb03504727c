"""The interface of a store, and its values. Independent of SQLite, IRC commands and gevent.

A turn collects writes for `Store.commit`, which is one transaction. Large reads use `Store.read` and similar methods,
which may be called from any thread.

A *conversation* is named by a key: a channel's casefolded name, or for direct messages `direct_key` of the two
identities. An *identity* identifies a user across connections (the account), without spaces.

An event's id is its position in the one order of all events; see `msgid`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from greenchat.protocol.msgid import LAST_ID, format_msgid, time_of

NO_TAGS: Mapping[str, str] = MappingProxyType({})

SAID = frozenset(("PRIVMSG", "NOTICE"))
"""The commands that count as messages, for readers that do not request all kinds of events."""


class StoreError(Exception):
    """The store failed, but the next attempt may work; the text is the reason, for operators."""


class InvalidWriteError(StoreError):
    """A write that can never be stored: a bug of the caller."""


class StoreDamagedError(StoreError):
    """The database can't be used; the text says what is wrong and how to continue."""

    @classmethod
    def of_document(cls, kind: str, key: str, error: Exception) -> "StoreDamagedError":
        """Return the error for a damaged document; error: the reader's."""
        return cls(
            f"the database is damaged: the {kind} {key} can't be read ({type(error).__name__}: {error})."
            " Restore a backup with `greenchat-server restore FILE`"
        )


class StoredEvent(NamedTuple):
    """An event in a conversation. (A named tuple, since there is one for every message: making it takes a third of the
    time of a frozen dataclass.)

    id: message id; the same event in several conversations (a QUIT) has the same id in each.
    conversation: the conversation's key.
    command: PRIVMSG, NOTICE, TAGMSG, JOIN, PART, QUIT, KICK, NICK, MODE, TOPIC, REDACT ...
    source: `nick!user@host`, or a server's name.
    params: as delivered; a multiline text has its lines joined by LF.
    account: the sender's account, "" without one.
    tags: the tags worth keeping (client-only ones); not msgid, time and account.
    """

    id: int
    conversation: str
    command: str
    source: str
    params: tuple[str, ...]
    account: str = ""
    tags: Mapping[str, str] = NO_TAGS

    @property
    def msgid(self) -> str:
        """The id's text form."""
        return format_msgid(self.id)

    @property
    def time(self) -> int:
        """The time of the event, milliseconds since the epoch."""
        return time_of(self.id)


class SpeechHeader:
    """The fields that consecutive messages of one sender share, so that the store looks them up once.

    conversation, command, source, account: as of a StoredEvent. target: the first parameter. era, numbers: the store's.
    """

    __slots__ = ("account", "command", "conversation", "era", "numbers", "source", "target")

    def __init__(self, conversation: str, command: str, source: str, target: str, account: str) -> None:
        self.conversation = conversation
        self.command = command
        self.source = source
        self.target = target
        self.account = account
        self.era: object = None
        self.numbers: tuple[int, int, int, str | None] = (0, 0, 0, None)


class Speech:
    """Consecutive messages without tags by one sender in one conversation: StoredEvents in fewer steps.

    ids: message ids, one for each text.
    """

    __slots__ = ("header", "ids", "texts")

    def __init__(self, header: SpeechHeader, ids: Sequence[int], texts: Sequence[str]) -> None:
        self.header = header
        self.ids = ids
        self.texts = texts

    def events(self) -> list[StoredEvent]:
        """Return the same as StoredEvents."""
        header = self.header
        return [
            StoredEvent(
                number, header.conversation, header.command, header.source, (header.target, text), header.account
            )
            for number, text in zip(self.ids, self.texts, strict=True)
        ]


@dataclass(slots=True)
class Document:
    """A named value: an account, a registered channel, a ban, a read marker.

    kind: documents of one kind are read together.
    key: its name within its kind.
    value: anything that JSON can hold; None removes the document.
    """

    kind: str
    key: str
    value: Any
    _text: str = field(default="", init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """Return the encoded value, which is cached. Raises TypeError or ValueError."""
        if not self._text:
            self._text = json.dumps(self.value, ensure_ascii=False, separators=(",", ":"))
        return self._text

    @property
    def size(self) -> int:
        """The number of characters that are written; see `text`."""
        return len(self.kind) + len(self.key) + len(self.text)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases an event from a conversation permanently, in the files too."""

    conversation: str
    id: int


@dataclass(frozen=True, slots=True)
class Renaming:
    """Gives a conversation with its history another key. name: the channel's spelling, None for a direct one."""

    conversation: str
    to: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Cuts a conversation's history at an id: that event and all earlier ones disappear for readers at once, and the
    housekeeping deletes them from the files.
    """

    conversation: str
    upto: int


class DueCuts(NamedTuple):
    """Cuts to be decided upon and committed.

    surplus: by the retention limits. departed: of direct conversations of guests who have left.
    """

    surplus: list[Cut]
    departed: list[Cut]


@dataclass(frozen=True, slots=True)
class Location:
    """The location of an event. number: the conversation's in the store."""

    number: int
    conversation: str
    id: int

    @property
    def erasure(self) -> Erasure:
        """The write that erases the event."""
        return Erasure(self.conversation, self.id)


NOWHERE = Location(0, "", 0)

StoreWrite = StoredEvent | Speech | Document | Erasure | Renaming | Cut


@dataclass(frozen=True, slots=True)
class HistorySpan:
    """A part of a conversation: the events between two ids, both excluded.

    after, before: ids; no event needs to have them.
    limit: the largest number of events.
    newest: whether the limit counts from the end.
    events: whether all kinds of events count, or PRIVMSG and NOTICE only.
    """

    limit: int
    after: int = 0
    before: int = LAST_ID
    newest: bool = False
    events: bool = False


@dataclass(frozen=True, slots=True)
class HistoryTarget:
    """A conversation and the id of the latest message in it."""

    conversation: str
    latest: int


@dataclass(frozen=True, slots=True)
class Query:
    """The conditions of a search, all of which must hold.

    conversations: keys of those that the searching user may read.
    text: words, all of which must occur, each as the beginning of a word; "quoted words" as a phrase.
    sender: nickname, in any case.
    after, before: ids, excluded.
    limit: the largest number of events; the newest are returned, unless `oldest`.
    """

    conversations: Sequence[str]
    limit: int
    text: str = ""
    sender: str = ""
    after: int = 0
    before: int = LAST_ID
    oldest: bool = False


@dataclass(frozen=True, slots=True)
class Retention:
    """The limits of the history. None is unlimited.

    age: milliseconds.
    per_conversation, per_unregistered, total: events; the second applies to unregistered channels.
    """

    age: int | None = None
    per_conversation: int | None = None
    per_unregistered: int | None = None
    total: int | None = None


class HistoryReader(Protocol):
    """The history. All methods may be called from any thread, and raise StoreError."""

    def read(self, conversation: str, span: HistorySpan) -> list[StoredEvent]:
        """Return a part of a conversation, oldest first."""

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event."""

    def targets(self, identity: str, channels: Iterable[str], after: int, before: int) -> list[HistoryTarget]:
        """Return the conversations whose latest message lies between two ids (excluded), oldest first.

        Only `channels` and the identity's direct conversations count.
        """

    def search(self, query: Query) -> list[StoredEvent]:
        """Return the matching events, oldest first; may take long."""

    def matching(self, query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Return those of a few events that the search would find."""


class WholeHistory(Protocol):
    """The history of all conversations at once, for exports and erasures. Methods may be called from any thread."""

    def tagged(self, tag: str, after: int, limit: int) -> list[StoredEvent]:
        """Return the newest events after an id that have a tag, oldest first. Reads all of them.

        Raises StoreError.
        """

    def by_id(self, ids: Iterable[int]) -> list[StoredEvent]:
        """Return the messages with these ids, in whatever conversations they are: a channel may have another name.

        Looks into all conversations. Raises StoreError.
        """

    def accounts(self) -> list[str]:
        """Return all accounts with messages, in the spelling of that time.

        Raises StoreError.
        """

    def said_by(self, accounts: Iterable[str], after: Location, limit: int) -> list[Location]:
        """Return the locations of messages (and TAGMSGs) of accounts after a location (excluded), in the store's order.

        NOWHERE is before the first. accounts: in the spelling of that time. Reads all events. Raises StoreError.
        """


class StateStore(Protocol):
    """Commits, and documents, of which the state is restored. Methods belong to the thread that opened the store."""

    def commit(self, writes: Sequence[StoreWrite]) -> None:
        """Commit the writes in one transaction. Raises StoreError, and then none was stored."""

    def last_id(self) -> int:
        """Return the largest id in the store, 0 if there is none."""

    def document(self, kind: str, key: str) -> object:
        """Return one document's value, None if there is none. Raises StoreError."""

    def documents(self, kind: str) -> dict[str, object]:
        """Return all documents of a kind by their keys. Raises StoreError."""

    def conversations(self) -> list[tuple[str, str | None]]:
        """Return the keys of all conversations, the oldest first, each with the spelling of its channel.

        Raises StoreError.
        """


class MaintainedStore(Protocol):
    """Work that commits leave. Unless stated otherwise, methods belong to the thread that opened the store."""

    def is_tidy(self, now: int) -> bool:
        """Whether `maintain` would find nothing to do. now: ms since the epoch."""

    def maintain(self, now: int, *, decides: bool = True, is_busy: bool = False) -> None:
        """Do one step of the work outside the loop: checkpoint, search index, finding expired events.

        now: ms since the epoch. decides: whether to look for due cuts, see `due_cuts`. is_busy: whether the loop has no
        idle time, so that what can wait should. From any thread; call `tidy` after it, until that returns False. Raises
        StoreError.
        """

    def due_cuts(self) -> DueCuts:
        """Return the cuts that `maintain` has found, and clear them."""

    def tidy(self) -> bool:
        """Do one step, of about a millisecond, of the work that `maintain` left; return whether there is more.

        Raises StoreError.
        """


class Store(HistoryReader, WholeHistory, StateStore, MaintainedStore, Protocol):
    """A store of events and documents."""

    def close(self) -> None:
        """Close the store. Everything committed is in the file."""


def direct_key(one: str, other: str) -> str:
    """Return the key of the conversation between two identities, in any order."""
    return f"{one} {other}" if one <= other else f"{other} {one}"


def members_of(key: str) -> tuple[str, ...]:
    """Return the identities of a direct conversation, () for a channel."""
    one, space, other = key.partition(" ")
    return (one, other) if space else ()
