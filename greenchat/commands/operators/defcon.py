"""DEFCON: restrict access to the server in levels while it is under attack."""

from greenchat.chat import documents
from greenchat.chat.protection.defcon import MEANINGS, NORMAL, DefconGate
from greenchat.commands.connection.capabilities import announce_capabilities, in_force
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import command
from greenchat.protocol.numerics import Numeric
from greenchat.storage.interface import Document


@command("DEFCON", right="defcon")
def defcon(ctx: Context) -> Background | None:
    """DEFCON [<level>]

    Show or set how far access to the server is restricted. 5: not at all. 4: no account registrations. 3: no channel
    registrations either. 2: connecting requires SASL. 1: only this machine and the operators' configured hosts can
    connect. Connected users stay. The level survives a restart.
    """
    network = ctx.network
    if not ctx.message.params:
        ctx.notice(describe(network.protection.defcon))
        return None
    wanted = ctx.message.params[0]
    if wanted not in {str(level) for level in MEANINGS}:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "DEFCON", text="The levels are 5 (open), 4, 3, 2 and 1 (closed)")
    _require_way_back(ctx, int(wanted))
    before = in_force(network)
    ctx.commit(Document(documents.SERVER.name, documents.DEFCON, int(wanted)))
    network.protection.defcon = int(wanted)
    ctx.notice(describe(network.protection.defcon))
    act(ctx, "DEFCON", f"{ctx.nick} set {describe(network.protection.defcon)}")
    return Background(lambda ctx: announce_capabilities(ctx, before))


def _require_way_back(ctx: Context, level: int) -> None:
    """Check that the sender could still connect, to undo it. Raises IrcError."""
    settings, host = ctx.network.settings, ctx.session.host
    defcon_gate = DefconGate(level, settings.staff.opers.values(), settings.webirc.hosts)
    advice = ""
    if defcon_gate.objection(host):
        advice = "add your host to opers.NAME.hosts in the configuration, or use the server's machine"
    elif not ctx.user.account and defcon_gate.objection_to_guest(host):
        advice = "log in to an account first"
    if advice:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "DEFCON", text=f"That would lock you out: {advice}")


def describe(level: int) -> str:
    """Return the level in words for operators."""
    return f"DEFCON {level}: {MEANINGS[level]}"


def tell_defcon(ctx: Context) -> None:
    """Tell a new operator the level, unless it is the normal one."""
    if ctx.network.protection.defcon != NORMAL:
        ctx.notice(describe(ctx.network.protection.defcon))
