"""DEFCON: close the server's doors step by step while it is under attack, and open them again."""

from greenchat.chat import documents
from greenchat.chat.protection.defcon import MEANINGS, NORMAL, DefconGate
from greenchat.commands.connection.capabilities import announce_capabilities, in_force
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.protocol.numerics import Numeric


@command("DEFCON", right="defcon")
def defcon(ctx: Context) -> None:
    """DEFCON [<level>]

    Show or set how far access to the server is restricted. 5: not at all. 4: nobody can register an account.
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
    _require_way_back(ctx, int(wish))
    before = in_force(network)
    ctx.secure(documents.SERVER, documents.DEFCON, int(wish))
    network.defcon = int(wish)
    ctx.notice(describe(network.defcon))
    act(ctx, "DEFCON", f"{ctx.nick} set {describe(network.defcon)}")
    announce_capabilities(ctx, before)


def _require_way_back(ctx: Context, level: int) -> None:
    """Raises IrcError where the sender could not come in any more, and so not take it back."""
    settings, host = ctx.network.settings, ctx.session.host
    gate = DefconGate(level, settings.opers.values(), settings.webirc.hosts)
    advice = ""
    if gate.objection(host):
        advice = "name your host in the configuration (opers.NAME.hosts), or do it from this machine"
    elif not ctx.user.account and gate.objection_to_guest(host):
        advice = "log in to an account first"
    if advice:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "DEFCON", text=f"You could not come back to end that: {advice}")


def describe(level: int) -> str:
    """In words for operators."""
    return f"DEFCON {level}: {MEANINGS[level]}"


def tell_defcon(ctx: Context) -> None:
    """To who has just become an operator, if not all is open."""
    if ctx.network.defcon != NORMAL:
        ctx.notice(describe(ctx.network.defcon))
