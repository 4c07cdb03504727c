"""The gate of DEFCON: who may connect now."""

from greenchat.chat.network import Network
from greenchat.chat.protection.defcon import ONLY_ACCOUNTS, DefconGate
from greenchat.chat.user import Session
from greenchat.commands.core.context import Context


def defcon_gate(network: Network) -> DefconGate:
    """Return the gate of the current level."""
    settings = network.settings
    return DefconGate(network.protection.defcon, settings.staff.opers.values(), settings.webirc.hosts)


def objection_to_guest(ctx: Context, session: Session) -> str:
    """Return the reason why a session can't come in without an account; "" if it can."""
    if session.account:
        return ""
    if session.registration.listed:
        return f"{session.registration.listed}: log in with SASL to connect"
    if ctx.network.protection.defcon > ONLY_ACCOUNTS:
        return ""
    return defcon_gate(ctx.network).objection_to_guest(session.host)
