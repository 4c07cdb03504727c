"""DEFCON: close the server's doors step by step while it is under attack, and open them again."""

from ..chat.defcon import MEANINGS, NORMAL, ONLY_ACCOUNTS, Doors
from ..chat.network import Network
from ..chat.user import Session
from ..protocol.numerics import Numeric
from .audit import act
from .context import Context
from .errors import IrcError
from .registry import command


@command("DEFCON", right="defcon")
def defcon(ctx: Context) -> None:
    """DEFCON [<level>]

    See or set how far the server has closed its doors. 5: they are open. 4: nobody can register an account.
    3: nor a channel. 2: who comes must log in to an account, with SASL. 1: only this machine and the hosts that the
    configuration gives operators can connect. Who is here stays. The level outlasts a restart.
    """
    network = ctx.network
    if not ctx.message.params:
        ctx.notice(describe(network.defcon))
        return
    wish = ctx.message.params[0]
    if wish not in {str(level) for level in MEANINGS}:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "DEFCON", text="The levels are 5 (open), 4, 3, 2 and 1 (closed)")
    network.defcon = int(wish)
    ctx.keep("server", "defcon", network.defcon)
    ctx.notice(describe(network.defcon))
    act(ctx, "DEFCON", f"{ctx.nick} set {describe(network.defcon)}")


def describe(level: int) -> str:
    """In words for operators."""
    return f"DEFCON {level}: {MEANINGS[level]}"


def tell_defcon(ctx: Context) -> None:
    """To who has just become an operator, if not all is open."""
    if ctx.network.defcon != NORMAL:
        ctx.notice(describe(ctx.network.defcon))


def doors(network: Network) -> Doors:
    """Who may come in now."""
    settings = network.settings
    return Doors(network.defcon, settings.opers.values(), settings.webirc.hosts)


def objection_to_guest(ctx: Context, session: Session) -> str:
    """Why a session can't come in without an account; "" if it can."""
    if ctx.network.defcon > ONLY_ACCOUNTS or session.account:
        return ""
    return doors(ctx.network).objection_to_guest(session.host)
