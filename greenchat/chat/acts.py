"""Acts: the changes of the state, as values. A log of them, applied to the same initial state, gives the same state.

An act names its session by number and carries its time; it holds no password, and applying it needs no clock, no
randomness and nothing from the store. `encode` and `decode` convert it to and from JSON values: the format of logs, so
only ever add to it.

An *epoch* is a version of the acts: which exist, and what each does to the state. A log begins in one epoch, and an act
starts the next, once all readers support it (`server/nodes/README.md`). New behaviour checks the epoch of the state
(`Network.nodes.epoch`), or is declared with `since`; before that epoch everything works as before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenchat.protocol.message import NO_TAGS

VERSION = 1
"""The newest epoch that this code knows: a state that is shared with nobody else is always in it."""
OLDEST = 1
"""The oldest supported epoch. Raise it when the code for older epochs is removed."""

_RAN, _DECIDED, _SPOKEN = "run", "step", "say"


class ActError(ValueError):
    """The data is not an act; the text says why."""


@dataclass(frozen=True, slots=True)
class CommandAct:
    """A client's command, as its message. session: its number. now: ms since the epoch."""

    session: int
    now: int
    command: str
    params: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepAct:
    """A step, see `commands.core.steps`. session: its number, 0 for the server itself. now: ms since the epoch.

    stranger: host, nick and account of a session that has not registered, which other nodes do not know; else empty.
    """

    session: int
    now: int
    step: str
    fields: tuple[Any, ...]
    stranger: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeechAct:
    """Texts that a session sends to one target, checked where it is connected: applying them costs a fraction of a
    command.

    command: PRIVMSG or NOTICE. target: a channel or a nick. revisions: of the sender, the target and the settings at
    the time of the check; if they have changed since, it is checked again.
    """

    session: int
    now: int
    command: str
    target: str
    texts: tuple[str, ...]
    revisions: tuple[int, int, int]


Act = CommandAct | StepAct | SpeechAct


def encode(act: Act) -> list[Any]:
    """Return an act as a JSON value."""
    if isinstance(act, CommandAct):
        return [_RAN, act.session, act.now, act.command, list(act.params), *([dict(act.tags)] if act.tags else [])]
    if isinstance(act, SpeechAct):
        return [_SPOKEN, act.session, act.now, act.command, act.target, list(act.texts), list(act.revisions)]
    return [_DECIDED, act.session, act.now, act.step, list(act.fields), *([list(act.stranger)] if act.stranger else [])]


def decode(stored: object, now: int = 0) -> Act:
    """Make an act from `encode`'s output. Raises ActError.

    now: the time of its log entry, if the log has times.
    """
    match stored:
        case ["run", int(session), int(own), str(command), [*params], *rest] if all(
            isinstance(param, str) for param in params
        ):
            tags = rest[0] if rest and isinstance(rest[0], dict) else NO_TAGS
            return CommandAct(session, now or own, command, tuple(map(str, params)), tags)
        case ["step", int(session), int(own), str(name), [*fields]]:
            return StepAct(session, now or own, name, tuple(fields))
        case ["step", int(session), int(own), str(name), [*fields], [str(host), str(nick), str(account)], *_]:
            return StepAct(session, now or own, name, tuple(fields), (host, nick, account))
        case ["say", int(session), int(own), str(command), str(target), [*texts], [int(a), int(b), int(c)]]:
            return SpeechAct(session, now or own, command, target, tuple(map(str, texts)), (a, b, c))
        case _:
            raise ActError(f"this is not an act of version {VERSION} of the log: {str(stored)[:100]}")


def spoken(stored: Any) -> list[Any] | None:
    """Return session, command, target, texts and revisions of `encode`'s output for a SpeechAct, None for another act.

    Most acts are messages, and every node applies all of them: this takes a tenth of the time of `decode`, and leaves
    checking the fields to the caller.
    """
    if isinstance(stored, list) and len(stored) == 7 and stored[0] == _SPOKEN:
        return stored[1:2] + stored[3:]
    return None


def is_known(epoch: object) -> bool:
    """Whether acts of this epoch can be applied."""
    return isinstance(epoch, int) and OLDEST <= epoch <= VERSION
