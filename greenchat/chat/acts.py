"""Acts: the changes of the state, as values. A log of them, applied to the same initial state, gives the same state.

An act names its session by number and carries its time; it holds no password, and applying it needs no clock, no
randomness and nothing from the store. `encode` and `decode` convert it to and from JSON values: the format of logs, so
only ever add to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenchat.protocol.message import NO_TAGS

VERSION = 1
"""Of the log: whoever applies an act of another version may come to another state."""

_RAN, _DECIDED, _SPOKEN = "run", "step", "say"


class ActError(ValueError):
    """The data is not an act; the text says why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A client's command, as its message. session: its number. now: ms since the epoch."""

    session: int
    now: int
    command: str
    params: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """A step, see `commands.core.steps`. session: in whose name, 0 for the server's own. now: ms since the epoch."""

    session: int
    now: int
    step: str
    fields: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Texts that a session sends to one target, checked where it is connected: applying them costs a fraction of a
    command.

    command: PRIVMSG or NOTICE. target: a channel or a nick. revisions: of the speaker, the target and the rules when it
    was checked; if they have changed since, it is checked again.
    """

    session: int
    now: int
    command: str
    target: str
    texts: tuple[str, ...]
    revisions: tuple[int, int, int]


Act = Ran | Decided | Spoken


def encode(act: Act) -> list[Any]:
    """Return an act as JSON can hold it."""
    if isinstance(act, Ran):
        return [_RAN, act.session, act.now, act.command, list(act.params), *([dict(act.tags)] if act.tags else [])]
    if isinstance(act, Spoken):
        return [_SPOKEN, act.session, act.now, act.command, act.target, list(act.texts), list(act.revisions)]
    return [_DECIDED, act.session, act.now, act.step, list(act.fields)]


def decode(stored: object) -> Act:
    """Make an act from `encode`'s output. Raises ActError."""
    match stored:
        case ["run", int(session), int(now), str(command), [*params], *rest] if all(
            isinstance(param, str) for param in params
        ):
            tags = rest[0] if rest and isinstance(rest[0], dict) else NO_TAGS
            return Ran(session, now, command, tuple(map(str, params)), tags)
        case ["step", int(session), int(now), str(name), [*fields], *_]:
            return Decided(session, now, name, tuple(fields))
        case ["say", int(session), int(now), str(command), str(target), [*texts], [int(a), int(b), int(c)]]:
            return Spoken(session, now, command, target, tuple(map(str, texts)), (a, b, c))
        case _:
            raise ActError(f"this is no act that version {VERSION} of the log knows: {str(stored)[:100]}")
