"""CONNECT and SQUIT: there are no links to other servers. https://modern.ircdocs.horse/#connect-message"""

from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.numerics import Numeric


@command("CONNECT", params=1, way=Way.HERE)
def connect(ctx: Context) -> None:
    """CONNECT <server> [<port> [<remote server>]]

    Connect to another server. Not supported: this server has no links.
    """
    _refuse(ctx)


@command("SQUIT", params=2, way=Way.HERE)
def squit(ctx: Context) -> None:
    """SQUIT <server> <comment>

    Disconnect another server. Not supported: this server has no links.
    """
    _refuse(ctx)


def _refuse(ctx: Context) -> None:
    """Raise IrcError: 481 for non-operators, 402 for operators."""
    if "o" not in ctx.user.modes:
        raise IrcError(Numeric.ERR_NOPRIVILEGES)
    raise IrcError(Numeric.ERR_NOSUCHSERVER, ctx.message.params[0])
