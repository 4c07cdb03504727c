"""Steps: changes of the state that are no client's command, as named functions with plain fields.

A handler that works with a password, waits for a thread, or uses randomness runs only where its client is. Its outcome
is a step: `Context.propose` has it applied. A step looks at the state again, since time may have passed, and its fields
are all that it needs beside the state: no closure, no password, nothing random. So a log of steps (and of the other
commands) can be applied again, and gives the same state.
"""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

STEPS: dict[str, Callable[..., Any]] = {}
NAMES: dict[Callable[..., Any], str] = {}
"""The reverse of STEPS."""
SINCE: dict[Callable[..., Any], int] = {}
"""The epoch with which each came, if it was not the first."""


def step(name: str, *, since: int = 1) -> Callable[[F], F]:
    """Declare a step. name: identifies it in a log; never reuse it. since: the first epoch that has it.

    The function is called with the context and the fields: strings, integers, booleans, None, and lists and mappings of
    these.
    """

    def declare(function: F) -> F:
        if name in STEPS:
            raise ValueError(f"there are two steps of the name {name}")
        STEPS[name] = function
        NAMES[function] = name
        if since > 1:
            SINCE[function] = since
        return function

    return declare
