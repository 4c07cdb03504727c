"""Continuations that a handler may return: slow work, a long answer, or work that continues without its client.

`server.net.connection` carries them out, so that no handler ever waits.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from greenchat.commands.core.context import Context

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deferred:
    """Work that is too slow for the loop: a password hash, a search.

    work: called in another thread; it must not touch the chat's state. then: called later in the loop with the result
    (ctx.now is new), unless the client has gone; it must check the state again. It answers, or proposes a step
    (`Context.propose`), but changes no shared state itself. done: called in the loop when the work has ended, also if
    the client has gone. waits: whether it waits for another server, like a mail server. external: whether it asks an
    external password service. pauses: whether to wait a moment first, since it is blocked. hashes: whether it hashes a
    password, for which there is a separate thread.
    """

    work: Callable[[], object]
    then: "Callable[[Context, Any], Continuation | None]"
    waits: bool = False
    external: bool = False
    pauses: bool = False
    hashes: bool = False
    done: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is too long to be made, or queued in an outbox, at once.

    steps: each sends a part of the answer. Between steps other clients may be served, so a step must check the state
    again. is_batch: whether the whole answer is a single batch.
    """

    steps: Iterator[None]
    is_batch: bool = False


def iterate_with_additions(collection: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Yield each member once, including those added while the answer is being sent.

    collection: returns the present members. Members who have left meanwhile are yielded, too.
    """
    seen: set[T] = set()
    while new := [member for member in collection() if member not in seen]:
        seen.update(new)
        yield from new


@dataclass(frozen=True, slots=True)
class Background:
    """Long work that continues even if its client leaves; the handler has answered already.

    steps: called with a context of the server itself; each step does a part. Between steps clients may be served, so a
    step must check the state again.
    """

    steps: Callable[[Context], Iterator[None]]


Continuation = Deferred | Streamed | Background
"""The rest of a command, after its handler has returned."""
