"""Reading the history outside the loop, without missing what the reader has been sent already.

A query runs in another thread, and the chat continues. Events stored meanwhile are added to its result before that is
sent: so a client that has sent, or seen, a message finds it in later results, and no result contains a redacted
message.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.storage.interface import (
    SAID,
    Cut,
    Erasure,
    HistoryReader,
    HistorySpan,
    HistoryTarget,
    Query,
    Renaming,
    StoredEvent,
    StoreError,
    StoreWrite,
    members_of,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

_MANY = 200  # events that can be added to an answer in the loop
_ROUNDS = 8  # rounds in other threads, with fewer events each time


def reading(
    ctx: Context,
    read: Callable[[HistoryReader], T],
    then: Callable[[Context, T | StoreError], Continuation | None],
) -> Deferred:
    """Read in another thread, and call `then` with the result, current as of that moment, or with the error.

    read: uses only the reader that it is given; it is called again if something was stored meanwhile, and then finds
    the former answers updated.
    """
    return _round(ctx, ctx.journal.store, read, then, _ROUNDS)


def _round(
    ctx: Context,
    store: HistoryReader,
    read: Callable[[HistoryReader], T],
    then: Callable[[Context, T | StoreError], Continuation | None],
    rounds: int,
) -> Deferred:
    answers = _Answers(store)
    later_writes = ctx.journal.later_writes()

    def work() -> T | StoreError:
        return _try(read, answers)

    def finish(ctx: Context, result: T | StoreError) -> Continuation | None:
        current = ctx.journal.store
        if later_writes.writes and not isinstance(result, StoreError):
            if any(isinstance(write, Renaming) for write in later_writes.writes):
                return then(ctx, _try(read, current))  # rare, and a page is read quickly
            if any(isinstance(write, Cut) for write in later_writes.writes):
                return _round(ctx, current, read, then, rounds - 1) if rounds else then(ctx, _try(read, current))
            updated = _Later(answers, current, later_writes.writes)
            if updated.count > _MANY and rounds:
                return _round(ctx, updated, read, then, rounds - 1)
            result = _try(read, updated)
        return then(ctx, result)

    return Deferred(work, finish)


def _try(read: Callable[[HistoryReader], T], store: HistoryReader) -> T | StoreError:
    """Return a StoreError instead of raising it: gevent would print a thread's exception as a bug."""
    try:
        return read(store)
    except StoreError as error:
        log.error("a history query failed: %s", error, exc_info=error)
        return error


class _Answers:
    """Queries a reader, and remembers its answers."""

    def __init__(self, store: HistoryReader) -> None:
        self._store = store
        self._known: dict[tuple[Any, ...], Any] = {}

    def read(self, conversation: str, span: HistorySpan) -> list[StoredEvent]:
        """Return a part of a conversation."""
        return self._ask((conversation, span), lambda: self._store.read(conversation, span))

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event."""
        return self._ask((conversation, event_id), lambda: self._store.find(conversation, event_id))

    def targets(self, identity: str, channels: Iterable[str], after: int, before: int) -> list[HistoryTarget]:
        """Return conversations by their latest message."""
        keys = tuple(channels)
        return self._ask((identity, keys, after, before), lambda: self._store.targets(identity, keys, after, before))

    def search(self, query: Query) -> list[StoredEvent]:
        """Return the matching events; the same words in other conversations are the same question."""
        return self._ask((replace(query, conversations=()),), lambda: self._store.search(query))

    def matching(self, query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Return those of these events that a search would find."""
        return self._store.matching(query, events)

    def _ask(self, question: tuple[Any, ...], ask: Callable[[], T]) -> T:
        if question not in self._known:
            self._known[question] = ask()
        answer: T = self._known[question]
        return answer


class _Later:
    """The answers of a reader, updated with the events stored since.

    count: of these events.
    """

    def __init__(self, answers: HistoryReader, current: HistoryReader, writes: Iterable[StoreWrite]) -> None:
        """Update a reader's answers. current: the store that contains all events."""
        self._answers = answers
        self._current = current
        self._added: defaultdict[str, dict[int, StoredEvent]] = defaultdict(dict)
        self._erased: set[tuple[str, int]] = set()
        for write in writes:
            if isinstance(write, StoredEvent):
                self._added[write.conversation][write.id] = write
            elif isinstance(write, Erasure):
                self._added[write.conversation].pop(write.id, None)
                self._erased.add((write.conversation, write.id))
        self.count = sum(map(len, self._added.values()))

    def read(self, conversation: str, span: HistorySpan) -> list[StoredEvent]:
        """Return a part of a conversation, oldest first."""
        added = [
            event
            for event in self._added.get(conversation, {}).values()
            if span.after < event.id < span.before and (span.events or event.command in SAID)
        ]
        return self._together(self._answers.read(conversation, span), added, span.limit, newest=span.newest)

    def find(self, conversation: str, event_id: int) -> StoredEvent | None:
        """Return one event."""
        if (conversation, event_id) in self._erased:
            return None
        return self._added.get(conversation, {}).get(event_id) or self._answers.find(conversation, event_id)

    def targets(self, identity: str, channels: Iterable[str], after: int, before: int) -> list[HistoryTarget]:
        """Return conversations by their latest message, oldest first."""
        keys = tuple(channels)
        wanted = {*keys, *(key for key in self._added if identity in members_of(key))}
        if any(key in wanted or identity in members_of(key) for key, _ in self._erased):
            return self._current.targets(identity, keys, after, before)  # which one is the latest now?
        latest = {target.conversation: target.latest for target in self._answers.targets(identity, keys, after, before)}
        for key in wanted:
            messages = [event.id for event in self._added.get(key, {}).values() if event.command in SAID]
            if messages:
                latest[key] = max(latest.get(key, 0), *messages)
        updated = [HistoryTarget(key, event_id) for key, event_id in latest.items() if after < event_id < before]
        return sorted(updated, key=lambda target: target.latest)

    def search(self, query: Query) -> list[StoredEvent]:
        """Return the matching events, oldest first."""
        added = [event for key in query.conversations for event in self._added.get(key, {}).values()]
        if added:
            added = self._answers.matching(query, added)
        return self._together(self._answers.search(query), added, query.limit, newest=not query.oldest)

    def matching(self, query: Query, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Return those of these events that a search would find."""
        return self._answers.matching(query, events)

    def _together(
        self, known: Iterable[StoredEvent], added: Iterable[StoredEvent], limit: int, *, newest: bool
    ) -> list[StoredEvent]:
        """Return the events without duplicates, in order, as many as are wanted."""
        events = {(event.id, event.conversation): event for event in (*known, *added)}
        left = [events[place] for place in sorted(events) if (place[1], place[0]) not in self._erased]
        return left[max(0, len(left) - limit) :] if newest else left[:limit]
