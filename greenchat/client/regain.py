"""Getting the wanted nickname back once nobody else has it: as soon as that is seen, or the server tells.

https://ircv3.net/specs/extensions/monitor
"""

from greenchat.client.model import Link, Network


def watch(network: Network) -> None:
    """We are in, maybe under another nick: have the server tell when the wanted one is free."""
    if _missing(network) and "MONITOR" in network.isupport.tokens:
        network.watched_nick = network.wanted_nick
        network.send("MONITOR", "+", network.wanted_nick)


def free(network: Network, nick: str) -> None:
    """Nobody is called so any more."""
    if _missing(network) and network.fold(nick) == network.fold(network.wanted_nick):
        network.send("NICK", network.wanted_nick)


def renamed(network: Network, nick: str) -> None:
    """We are called otherwise, because the user asked for it or the server wants it so."""
    network.nick = nick
    if network.fold(nick) == network.fold(network.asked_nick):
        network.wanted_nick, network.asked_nick = nick, ""
    if network.watched_nick and not _missing(network):
        network.send("MONITOR", "-", network.watched_nick)
        network.watched_nick = ""


def _missing(network: Network) -> bool:
    return network.link is Link.ONLINE and not network.is_me(network.wanted_nick)
