"""HELP and HELPOP, made from the docstrings of commands. https://modern.ircdocs.horse/#help-message"""

from textwrap import wrap

from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import COMMANDS, Command, Way, command
from greenchat.config.opers import RIGHTS
from greenchat.protocol.numerics import Numeric

_WIDTH = 72
_TITLE = "** Help **"
_INDEX = """
HELP <command> explains a command.

The commands:

{commands}

Other topics: OPERCMDS (commands for server operators)."""
_OPERATORS = """
OPER <name> <password> makes you a server operator. The class of the operator
gives some of these rights:

{rights}"""


@command("HELP", way=Way.HERE)
def help_(ctx: Context) -> None:
    """HELP [<subject>]

    Explain a command or topic. Without a parameter: list them.
    """
    _help(ctx)


@command("HELPOP", way=Way.HERE)
def helpop(ctx: Context) -> None:
    """HELPOP [<subject>]

    The same as HELP.
    """
    _help(ctx)


def _help(ctx: Context) -> None:
    subject = ctx.message.params[0] if ctx.message.params else ""
    name = subject.upper()
    row = COMMANDS.get(name)
    epoch = ctx.network.nodes.epoch
    if row and row.since <= epoch:
        title, lines = f"** The {name} command **", _command_lines(row)
    elif name in _TOPICS:
        title, lines = _TITLE, _TOPICS[name](epoch)
    else:
        raise IrcError(Numeric.ERR_HELPNOTFOUND, subject)
    # "The <subject> MUST be the one requested by the client, ... unless it would be an invalid parameter, in which
    # case it MUST be `*`"
    ctx.reply(Numeric.RPL_HELPSTART, subject or "*", text=title)
    *more, last = lines
    for line in more:
        _line(ctx, Numeric.RPL_HELPTXT, subject, line)
    _line(ctx, Numeric.RPL_ENDOFHELP, subject, last)


def _line(ctx: Context, numeric: Numeric, subject: str, line: str) -> None:
    ctx.respond(ctx.envelope(numeric.command, ctx.nick, subject or "*", line))


def _command_lines(row: Command) -> list[str]:
    """Yield the lines about a command: "the first RPL_HELPTXT message SHOULD be empty"."""
    paragraphs = [" ".join(paragraph.split("\n")) for paragraph in row.about.split("\n\n")]
    lines = ["", *_wrapped("\n\n".join(paragraphs))]
    if row.right:
        lines += ["", f"Requires an operator class with the right: {row.right}"]
    return lines


def _index(epoch: int) -> list[str]:
    names = sorted(name for name, row in COMMANDS.items() if not row.right and row.since <= epoch)
    return _wrapped(_INDEX.format(commands=" ".join(names)))


def _operators(_: int) -> list[str]:
    rights = "\n".join(f"{name:8} {meaning}" for name, meaning in RIGHTS.items())
    return _wrapped(_OPERATORS.format(rights=rights))


def _wrapped(text: str) -> list[str]:
    return [line for paragraph in text.split("\n") for line in (wrap(paragraph, _WIDTH) or [""])]


_TOPICS = {"": _index, "INDEX": _index, "USERCMDS": _index, "OPERCMDS": _operators}
