"""Getting the wanted nickname: back once nobody else has it, as soon as that is seen, or the server tells; and shared
with one's other devices, which takes coming in anew, logged in from the start.

https://ircv3.net/specs/extensions/monitor
"""

from greenchat.client.irc.login import SASL
from greenchat.client.state.effects import Reconnect
from greenchat.client.state.lines import Kind, Line
from greenchat.client.state.model import Link, Model, Network


def watch(network: Network) -> None:
    """We are in, maybe under another nick: have the server tell when the wanted one is free."""
    if _missing(network) and "MONITOR" in network.isupport.tokens:
        network.watched_nick = network.wanted_nick
        network.send("MONITOR", "+", network.wanted_nick)


def free(network: Network, nick: str) -> None:
    """Nobody is called so any more."""
    if _missing(network) and network.fold(nick) == network.fold(network.wanted_nick):
        network.send("NICK", network.wanted_nick)


def denied(model: Model, network: Network, now: int) -> None:
    """The wanted nick was asked for in vain: somebody has it.

    If that is the nick of the account whose password was typed just now, it may be another device of ours. Servers let
    two share a nick if the second one is logged in when it comes in, so it comes in anew; once, for it may be somebody
    else after all.
    """
    proving, network.proving = network.proving, False
    ours = bool(network.account) and network.fold(network.account) == network.fold(network.wanted_nick)
    if not (proving and ours and SASL in network.caps):
        return
    network.returning = True
    text = f"{network.wanted_nick} is here already, on another device of yours: coming in anew to be one with it."
    model.add(network.status, Line(now, Kind.INFO, text))
    network.send("QUIT", f"Coming back as {network.wanted_nick}")
    model.requests.append(Reconnect(network, f"to come back as {network.wanted_nick}"))


def renamed(network: Network, nick: str) -> None:
    """We are called otherwise, because the user asked for it or the server wants it so."""
    network.nick = nick
    if network.fold(nick) == network.fold(network.asked_nick):
        network.wanted_nick, network.asked_nick = nick, ""
    if network.watched_nick and not _missing(network):
        if network.fold(network.watched_nick) not in network.monitored:
            network.send("MONITOR", "-", network.watched_nick)
        network.watched_nick = ""


def _missing(network: Network) -> bool:
    return network.link is Link.ONLINE and not network.is_me(network.wanted_nick)
