"""Parses a client's line and runs its command; invalid lines are answered here.

An invalid line is still parsed as far as possible, for its label and the name of its command.
"""

from collections.abc import Callable

from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.registry import run
from greenchat.protocol import caps
from greenchat.protocol.framing import LineTooLong
from greenchat.protocol.message import Message, ParseError, parse
from greenchat.protocol.numerics import Numeric

_NOTHING = Message("")
_FORBIDDEN = str.maketrans("\0\r", "\ufffd\ufffd")


def run_line(line: bytes | LineTooLong, context: Callable[[Message], Context]) -> tuple[Context, Continuation | None]:
    """Run a line, without its line end, in the context made for its message; return what `run` returns."""
    if isinstance(line, LineTooLong):
        ctx = context(_gist(line.line))
        ctx.reply(Numeric.ERR_INPUTTOOLONG)
        ctx.answer()
        return ctx, None
    try:
        message = parse(line.decode())
    except UnicodeDecodeError:
        ctx = context(_gist(line))
        _refuse_encoding(ctx)
        ctx.answer()
        return ctx, None
    except ParseError as error:
        ctx = context(_gist(line))
        ctx.reply(Numeric.ERR_UNKNOWNERROR, ctx.message.command, text=f"Not a message: {error}")
        ctx.answer()
        return ctx, None
    ctx = context(message)
    return ctx, run(ctx)


def _refuse_encoding(ctx: Context) -> None:
    """Refuse a line that is not UTF-8: https://ircv3.net/specs/extensions/utf8-only."""
    command = ctx.message.command
    command = command if command.isascii() and command.isalnum() else "*"
    text = "Message rejected: your client must use UTF-8 on this network"
    if command == "NICK" and ctx.session.user is None and not ctx.session.caps & caps.STANDARD_REPLIES:
        # for clients that do not know FAIL: this numeric makes them try another nickname
        ctx.refuse(IrcError(Numeric.ERR_ERRONEUSNICKNAME, "*", text=text))
    else:
        ctx.refuse(FailError(command, "INVALID_UTF8", text=text))


def _gist(line: bytes) -> Message:
    text = line.decode(errors="replace").translate(_FORBIDDEN)
    for rest in "", " *":  # if only the command is missing, there may still be a label
        try:
            message = parse(text + rest)
        except ParseError:
            continue
        return message._replace(command="") if rest else message
    return _NOTHING
