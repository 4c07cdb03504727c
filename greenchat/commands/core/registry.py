"""The table of commands, and the one place that calls handlers.

`run` checks the decorator's declarations for all commands, and only here an error of a handler becomes a line for the
sender.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn

from greenchat.chat.acts import ActError, CommandAct
from greenchat.chat.multiline_batch import Fault
from greenchat.chat.protection.history_quota import PORTION
from greenchat.chat.rights import rights_of
from greenchat.commands.core import command_log
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Deferred, Streamed
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.history_quota import require_history_quota
from greenchat.commands.core.persistence import keep_presences
from greenchat.commands.core.steps import STEPS
from greenchat.protocol import caps
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric
from greenchat.storage.interface import StoreError

CommandHandler = Callable[[Context], Continuation | None]


class Way(Enum):
    """The way in which a registered user's command changes the state."""

    ACT = "the command itself is the act"
    HERE = "it only queries, or concerns its own connection: no shared state changes"
    STEPS = "it contains a password, or waits: its results are proposed as steps"


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    params: the minimum number. right: the operator right that it needs. quiet: whether errors are never answered.
    needs: capabilities (bits) without which the command is unknown. about: the HELP text; its first line is the syntax.
    way: how it changes the state. stores: the number of parameters from which on it adds text to the history; notes:
    from which on it adds channel events, like JOIN; 0 if never. since: the first epoch that has it.
    """

    name: str
    handler: CommandHandler
    params: int
    anytime: bool
    right: str
    quiet: bool
    needs: int
    about: str
    way: Way
    stores: int
    notes: int
    since: int


_STEPS = 500  # steps of a long answer in one turn
_PORTION = 8 * 1024  # bytes of it, exceeded by one line at most: less than the smallest sendq
_END = object()

COMMANDS: dict[str, Command] = {}


def command(
    name: str,
    *,
    params: int = 0,
    anytime: bool = False,
    right: str = "",
    quiet: bool = False,
    needs: int = 0,
    about: str = "",
    way: Way = Way.ACT,
    stores: int = 0,
    notes: int = 0,
    since: int = 1,
) -> Callable[[CommandHandler], CommandHandler]:
    """Declare a handler. anytime: whether it is allowed before registration. right, quiet, needs, way, stores, notes,
    since: see Command.

    about: the text of HELP, by default the handler's docstring.
    """

    def declare(handler: CommandHandler) -> CommandHandler:
        assert name not in COMMANDS, f"{name} is declared twice"
        text = about or inspect.getdoc(handler) or name
        COMMANDS[name] = Command(name, handler, params, anytime, right, quiet, needs, text, way, stores, notes, since)
        return handler

    return declare


def is_for_anybody(message: Message) -> bool:
    """Whether an unregistered client may run this message."""
    row = COMMANDS.get(message.command)
    return row is not None and row.anytime


def run(ctx: Context) -> Continuation | None:
    """Run the context's message. Errors of the sender are answered; exceptions of bugs are raised.

    Returns slow work, which the caller must do outside the loop, passing its result to `resume`; or a long answer, for
    which the caller must call `continue_stream` turn by turn; or background work.
    """
    collecting = ctx.session.batch
    if "batch" in ctx.message.tags and ctx.session.caps & caps.MULTILINE:
        return _guarded(ctx, _collect if collecting else _refuse_stray)
    return _guarded(ctx, _run_command)


def resume(ctx: Context, later: Deferred, result: object) -> Continuation | None:
    """Continue a command whose slow work is done.

    A long answer begins at once: in a later turn it could miss events that were sent before it.
    """

    def step(ctx: Context) -> Continuation | None:
        continuation = later.then(ctx, result)
        return _answer_more(ctx, continuation) if isinstance(continuation, Streamed) else continuation

    return _guarded(ctx, step)


def continue_stream(ctx: Context, answer: Streamed) -> Continuation | None:
    """Continue a long answer, for one turn."""
    return _guarded(ctx, lambda ctx: _answer_more(ctx, answer))


def apply_step(ctx: Context, name: str, fields: Sequence[Any]) -> Continuation | None:
    """Apply a step of a log, see `steps`. Its continuation is carried out by the node that proposed it.

    Raises ActError if there is no step of that name.
    """
    if name not in STEPS:
        raise ActError(f"this version has no step {name}")
    step = STEPS[name]
    ctx.applies = True
    return _guarded(ctx, lambda ctx: step(ctx, *fields))


def _answer_more(ctx: Context, answer: Streamed) -> Streamed | None:
    pending = ctx.session.outbox.pending
    size = seen = 0
    for _ in range(_STEPS):
        if next(answer.steps, _END) is _END:
            return None
        ctx.answer_in_part(is_batch=answer.is_batch)
        size += sum(map(len, pending[seen:]))
        seen = len(pending)
        if size > _PORTION:
            break
    return answer


def _guarded(ctx: Context, step: CommandHandler) -> Continuation | None:
    continuation = None
    try:
        continuation = step(ctx)
    except (IrcError, FailError) as error:
        ctx.refuse(error)
    except StoreError:
        ctx.refuse(not_stored(ctx))
    ctx.applies = False
    if continuation is not None and not isinstance(continuation, Background):
        return continuation
    if ctx.network.local.changed_presences or ctx.network.closures:
        keep_presences(ctx)
    ctx.answer()
    return continuation


def not_stored(ctx: Context) -> FailError:
    """Return the error for a change that could not be stored, and so was not made."""
    text = "The change could not be stored and was not made; try again"
    return FailError(ctx.message.command or "*", "TEMPORARILY_UNAVAILABLE", text=text)


def _refuse_stray(ctx: Context) -> None:
    refuse_batch(("MULTILINE_INVALID", (), "Invalid multiline batch: no batch is open"))


def _collect(ctx: Context) -> None:
    """Collect a line of the batch that the client has opened.

    An error is reported only once, and at once: "all past and future messages in this batch will be ignored".
    """
    batch = ctx.session.batch
    assert batch
    is_sound = batch.fault is None
    ctx.postpone_answer()
    batch.add(ctx.message, ctx.now)
    if batch.fault and is_sound:
        ctx.adopt(batch.opening)
        refuse_batch(batch.fault)


def refuse_batch(fault: Fault) -> NoReturn:
    """Refuse the batch. Raises FailError."""
    code, context, text = fault
    raise FailError("BATCH", code, *context, text=text)


def _run_command(ctx: Context) -> Continuation | None:
    message = ctx.message
    row = COMMANDS.get(message.command)
    ctx.quiet = row is not None and row.quiet
    if not ctx.applies:
        command_log.note(ctx.session, message.command, message.params, is_known=row is not None)
    if ctx.session.user is None and not (row and row.anytime):
        raise IrcError(Numeric.ERR_NOTREGISTERED)
    if row is None or row.needs & ~ctx.session.caps or row.since > ctx.network.nodes.epoch:
        raise IrcError(Numeric.ERR_UNKNOWNCOMMAND, message.command)
    if row.right:
        require_right(ctx, row.right)
    if len(message.params) < row.params:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, row.name)
    if not ctx.applies:
        ctx.network.local.command_counts[row.name] += 1
    if not ctx.applies and ctx.session.room <= 0:
        if row.stores and len(message.params) >= row.stores:
            require_history_quota(ctx)
        elif row.notes and len(message.params) >= row.notes and ctx.session.user is not None:
            require_history_quota(ctx, debt=PORTION)
    if row.way is Way.ACT and ctx.session.user is not None:
        return as_act(ctx, row.handler)
    return row.handler(ctx)


def as_act(ctx: Context, rest: CommandHandler) -> Continuation | None:
    """Run the rest of a command as an act, which all readers of the log apply."""
    if not ctx.applies:
        log, message = ctx.process.log, ctx.message
        if log.is_shared:
            act = CommandAct(ctx.session.number, ctx.now, message.command, message.params, message.tags)
            return log.decide(act, lambda now: _run_again(ctx, now))
        if log.is_read:
            log.append(CommandAct(ctx.session.number, ctx.now, message.command, message.params, message.tags))
        else:
            log.pass_by()
        ctx.applies = True
    return rest(ctx)


def _run_again(ctx: Context, now: int) -> Continuation | None:
    """Run a command that was read from the log: its permissions may have changed meanwhile."""
    ctx.now = now
    ctx.applies = True
    return _run_command(ctx)


def require_right(ctx: Context, right: str) -> None:
    """Check that the sender has a right. Raises 481 for non-operators, 723 if the operator class lacks it."""
    if "o" not in ctx.user.modes:
        raise IrcError(Numeric.ERR_NOPRIVILEGES)
    if right not in rights_of(ctx.user, ctx.network.settings):
        raise IrcError(Numeric.ERR_NOPRIVS, right)
