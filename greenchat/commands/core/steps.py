"""Steps: changes of the state that are not client commands, as named functions with plain fields.

A handler that works with a password, waits for a thread, or uses randomness runs only on the client's node. Its result
is a step, applied through `Context.propose`. A step checks the state again, since time may have passed, and needs only
its fields and the state: no closure, no password, nothing random. So a log of steps and commands can be applied again,
and gives the same state.
"""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

STEPS: dict[str, Callable[..., Any]] = {}
NAMES: dict[Callable[..., Any], str] = {}
"""The reverse of STEPS."""
SINCE: dict[Callable[..., Any], int] = {}
"""The epoch that introduced each step, unless it was the first."""


def step(name: str, *, since: int = 1) -> Callable[[F], F]:
    """Declare a step. name: its name in logs; never reuse one. since: the first epoch that has it.

    The function is called with the context and the fields: strings, integers, booleans, None, and lists and mappings of
    these.
    """

    def declare(function: F) -> F:
        assert name not in STEPS, f"the step {name} is declared twice"
        STEPS[name] = function
        NAMES[function] = name
        if since > 1:
            SINCE[function] = since
        return function

    return declare
