"""Recovers the wanted nickname: takes it back as soon as it is free, or shares it with the user's other devices, which
needs a reconnect with a login before the welcome.

https://ircv3.net/specs/extensions/monitor
"""

from greenchat.client.state.effects import Reconnect
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import ClientNetwork, LinkState, Model
from greenchat.protocol import caps


def watch(network: ClientNetwork) -> None:
    """Let the server report when the wanted nickname is free, after the welcome."""
    if _missing(network) and "MONITOR" in network.isupport.tokens:
        network.nicks.watched = network.nicks.wanted
        network.send("MONITOR", "+", network.nicks.wanted)


def on_nick_free(network: ClientNetwork, nick: str) -> None:
    """Take the wanted nickname, which has become free."""
    if _missing(network) and network.fold(nick) == network.fold(network.nicks.wanted):
        network.send("NICK", network.nicks.wanted)


def on_nick_denied(model: Model, network: ClientNetwork, now: int) -> None:
    """Handle the refusal of the wanted nickname, which is in use.

    If it is the nick of the account of the password just typed, it may be used by another device of the user. Servers
    let both share the nick if the second is logged in before the welcome, so we reconnect; only once, since it may be
    another user.
    """
    password_typed = network.login.take_password_typed()
    ours = bool(network.login.account) and network.fold(network.login.account) == network.fold(network.nicks.wanted)
    if not (password_typed and ours and network.caps.held & caps.SASL != 0):
        return
    network.login.reconnecting = True
    network.nicks.former = network.nicks.current
    text = f"{network.nicks.wanted} is already connected on another of your devices; reconnecting to join it."
    model.add(network.status, Line(now, LineKind.INFO, text))
    network.send("QUIT", f"Changing the nickname back to {network.nicks.wanted}")
    model.effects.append(Reconnect(network, f"to get the nickname {network.nicks.wanted} back"))


def on_nick_changed(network: ClientNetwork, nick: str) -> None:
    """Note a changed nickname of ours."""
    network.nicks.rename(nick, is_asked=network.fold(nick) == network.fold(network.nicks.asked))
    if network.nicks.watched and not _missing(network):
        if network.fold(network.nicks.watched) not in network.presence.monitored:
            network.send("MONITOR", "-", network.nicks.watched)
        network.nicks.watched = ""


def _missing(network: ClientNetwork) -> bool:
    return network.link.state is LinkState.ONLINE and not network.is_me(network.nicks.wanted)
