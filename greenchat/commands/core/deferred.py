"""What a handler may return: slow work, a long answer, or work that outlives its client.

The runner of commands (`server.connection`) does it, so that no handler ever waits.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from greenchat.commands.core.context import Context

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deferred:
    """Returned by a handler whose work is too slow for the loop: a password hash, a search.

    work: called in another thread; it must not touch the chat's state. then: called with the result of work, in the
    loop and later (ctx.now is new): it must look at the state again; not called if the client has gone. It answers, or
    proposes a step (`Context.propose`): it changes no shared state by itself.
    done: called in the loop when the work has ended, whether anybody waits for it or not. waits: for others, like a
    mail server. outside: for whoever knows people's passwords. pauses: a moment before, since it can't continue yet.
    hashes: a password, which has a thread of its own.
    """

    work: Callable[[], object]
    then: "Callable[[Context, Any], Continuation | None]"
    waits: bool = False
    outside: bool = False
    pauses: bool = False
    hashes: bool = False
    done: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Streamed:
    """Returned by a handler whose answer is too long to be made, or to wait in an outbox, all at once.

    steps: each answers a little more. Between some of them other clients have their turn, and this one is sent what it
    got: so a step must look at the state again. is_batch: a batch of its own kind is the whole answer.
    """

    steps: Iterator[None]
    is_batch: bool = False


def growing(collection: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Yield each member once, including those added while the answer is being sent.

    collection: returns the present members. Members who have left meanwhile are yielded all the same.
    """
    seen: set[T] = set()
    while new := [member for member in collection() if member not in seen]:
        seen.update(new)
        yield from new


@dataclass(frozen=True, slots=True)
class Background:
    """Returned by a handler that has answered, and has started something long that continues even if its client leaves.

    steps: called with a context of no particular user; each step does a little more. Between some of them everybody has
    their turn: so a step must look at the state again.
    """

    steps: Callable[[Context], Iterator[None]]


Continuation = Deferred | Streamed | Background
"""What is left of a command when its handler has returned."""
