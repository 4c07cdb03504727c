"""Runs commands for HTTP requests: each in a separate session, which receives only the answer."""

from collections.abc import Callable

from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session
from greenchat.commands.catalog import continue_stream, resume
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background, Continuation, Deferred
from greenchat.protocol.http_head import HttpError
from greenchat.protocol.message import Message
from greenchat.server.http.request import Request


def context_of(request: Request) -> Context:
    """Return a context for a connection without a user."""
    connection = request.connection
    connection.server.turn.begin()
    return connection.context(Message(""))


def anonymous_context(request: Request) -> Context:
    """Return a context for a stranger at the request's address, even behind a proxy, so that limits count it there."""
    ctx = context_of(request)
    return ctx.for_session(Session(Outbox(Dirty()), request.address, ctx.now))


def wait_until_stored(request: Request) -> None:
    """Wait until the messages of this turn are stored. Raises HttpError if that failed, so that nobody got them."""
    turn = request.connection.server.turn
    before = turn.failures
    request.connection.yield_turn()
    if turn.failures != before:
        raise HttpError(503, "It could not be stored; try again", Retry_After="5")


def finish_command(
    request: Request, ctx: Context, continuation: Continuation | None, require: Callable[[], object] = lambda: None
) -> None:
    """Finish a command. Waits.

    require: called after each wait; raises if the command must not continue.
    """
    connection = request.connection
    server = connection.server
    while continuation is not None:
        if isinstance(continuation, Background):
            server.carry_out(continuation)
            return
        result = None
        if isinstance(continuation, Deferred):
            try:
                result = server.threads.do(continuation, ctx.session)
            finally:
                continuation.done()
        else:
            connection.yield_turn()
        server.turn.begin()
        require()
        ctx.now = server.now()
        continuation = (
            resume(ctx, continuation, result)
            if isinstance(continuation, Deferred)
            else continue_stream(ctx, continuation)
        )
