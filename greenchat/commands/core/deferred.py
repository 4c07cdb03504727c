"""What is left of a command when its handler has returned: slow work, a long answer, or something of its own.

Whoever runs commands (`server.connection`) does it, so that no handler ever waits.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from greenchat.commands.core.context import Context

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deferred:
    """Returned by a handler whose work is too slow for the loop: a password hash, a search.

    work: called in another thread; it must not touch the chat's state. then: called with what work returned, in the
    loop and at a later time (ctx.now is new): it must look at the state again; not called if the client has gone. It
    answers, or proposes a step (`Context.propose`): it changes no shared state by itself.
    done: called in the loop when the work has ended, whether anybody waits for it or not. waits: for others, like a
    mail server. hashes: a password, for which there is a thread of its own.
    """

    work: Callable[[], object]
    then: "Callable[[Context, Any], Continuation | None]"
    waits: bool = False
    hashes: bool = False
    done: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Streamed:
    """Returned by a handler whose answer is too long to be made, or to wait in an outbox, all at once.

    steps: each answers a little more. Between some of them other clients have their turn, and this one takes what it
    got: so a step must look at the state again. is_batch: a batch of its own kind is all of the answer.
    """

    steps: Iterator[None]
    is_batch: bool = False


def growing(collection: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Each member once, also those that come while the answer is on its way: whoever has been told of one finds it.

    collection: gives those that there are now. Members who have gone meanwhile are met all the same.
    """
    seen: set[T] = set()
    while new := [member for member in collection() if member not in seen]:
        seen.update(new)
        yield from new


@dataclass(frozen=True, slots=True)
class Background:
    """Returned by a handler that has answered, and has begun something long that goes on whoever leaves meanwhile.

    steps: called with the context of nobody in particular; each step does a little more. Between some of them everybody
    has their turn: so a step must look at the state again.
    """

    steps: Callable[[Context], Iterator[None]]


Continuation = Deferred | Streamed | Background
"""What is left of a command when its handler has returned."""
