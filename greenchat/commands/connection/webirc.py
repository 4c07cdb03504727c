"""WEBIRC: a gateway reports the address of its client. https://ircv3.net/specs/extensions/webirc"""

import hmac
from ipaddress import ip_address

from greenchat.commands.accounts.login_throttle import count_wrong
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.numerics import Numeric
from greenchat.values.addresses import is_within, netblock

_GATEWAY = 50  # characters of a gateway's name in WHOIS


@command("WEBIRC", params=4, anytime=True, way=Way.STEPS)
def webirc(ctx: Context) -> None:
    """WEBIRC <password> <gateway> <hostname> <ip> [<options>]

    Give the address of a client: the first command of a configured web gateway.
    """
    session = ctx.session
    if session.user:
        raise IrcError(Numeric.ERR_ALREADYREGISTERED)
    settings = ctx.network.settings.webirc
    password, gateway, _, address = ctx.message.params[:4]
    if ctx.network.protection.logins.wait(netblock(session.host), ctx.now) or not is_within(
        session.host, settings.hosts
    ):
        ctx.close(session, "WEBIRC is not allowed from your address")
    elif not hmac.compare_digest(password.encode(), settings.password.encode()):
        count_wrong(ctx, [netblock(session.host)])
        ctx.close(session, "Invalid WebIRC password")
    elif session.received_messages > 1:
        # "MUST be the first command sent from the WebIRC gateway to the IRC server"
        ctx.close(session, "WEBIRC must be the first command")
    else:
        _relocate(ctx, gateway, address)


def _relocate(ctx: Context, gateway: str, address: str) -> None:
    session = ctx.session
    try:
        host = str(ip_address(address))
    except ValueError:
        ctx.close(session, "Invalid WebIRC address")
        return
    reason = ctx.process.relocate(session, host)
    if reason:
        ctx.close(session, reason)
        return
    # the address, not the host name, which could be anything: masks of bans are made from it
    session.host = "0" + host if host.startswith(":") else host
    session.gateway = gateway[:_GATEWAY]
    options = {option.partition("=")[0] for option in " ".join(ctx.message.params[4:]).split()}
    # "Servers MUST ONLY treat the connection as secure if this flag is sent and the connection from the gateway to the
    # server is also secure with TLS."
    session.secure = session.secure and "secure" in options
