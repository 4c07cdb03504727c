"""Registration: capabilities, the welcome, the server's features, and the channels to join.

https://ircv3.net/specs/extensions/capability-negotiation
"""

from greenchat.client.handlers.registry import Incoming, milliseconds_of, on
from greenchat.client.irc import (
    bouncer,
    chathistory,
    joining,
    login,
    network_setup,
    nick_recovery,
    notify_list,
    sending,
    unsent,
)
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Reconnect, RequireTls
from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import BufferKind, ClientNetwork, LinkState, Model
from greenchat.protocol import caps
from greenchat.protocol.disconnect_reasons import UPGRADED
from greenchat.protocol.numerics import Numeric

WANTED_CAPS = (
    caps.SERVER_TIME
    | caps.MESSAGE_TAGS
    | caps.BATCH
    | caps.LABELED_RESPONSE
    | caps.ECHO_MESSAGE
    | caps.MULTI_PREFIX
    | caps.USERHOST_IN_NAMES
    | caps.AWAY_NOTIFY
    | caps.ACCOUNT_NOTIFY
    | caps.ACCOUNT_TAG
    | caps.EXTENDED_JOIN
    | caps.EXTENDED_MONITOR  # for /notify -away
    | caps.CHGHOST
    | caps.SETNAME
    | caps.CAP_NOTIFY
    | caps.INVITE_NOTIFY
    | caps.STANDARD_REPLIES
    | caps.CHATHISTORY
    | caps.EVENT_PLAYBACK
    | caps.READ_MARKER
    | caps.MESSAGE_REDACTION
    | caps.CHANNEL_RENAME
    | caps.MULTILINE
    | caps.METADATA_3  # for /whois
    | caps.PRE_AWAY
    | caps.SEARCH
    | caps.ACCOUNT_REGISTRATION
    | caps.NO_IMPLICIT_NAMES  # names are requested when a window is shown
    | caps.EXTENDED_ISUPPORT
    | caps.RELAYMSG
    | caps.BOUNCER_NETWORKS
    | caps.SELF_MESSAGE  # messages of our other clients through a bouncer without echo-message
    | caps.ZNC_PLAYBACK
    | caps.RESUME
)
REQ_BYTES = 400  # "Clients SHOULD ensure that their list ... is not too long to be replied to with a single ACK"
LONGEST_NICK = 30


def register(model: Model, network: ClientNetwork) -> None:
    """Begin the registration of a new connection."""
    network.send("CAP", "LS", "302")
    if password := login.server_password(network):
        network.send("PASS", password)
    if network.login.resume_token:
        network.send("RESUME", network.login.resume_token)
        network.login.resume_token = ""
    network.send("NICK", network.nicks.current)
    user = "".join(letter for letter in network.nicks.current if letter.isascii() and letter.isalnum()) or "user"
    network.send(
        "USER", user[:10], "0", "*", network.realname or str(model.settings.get("realname")) or network.nicks.current
    )


@on("CAP")
def cap(incoming: Incoming) -> None:
    """Answer the server's side of capability negotiation."""
    network = incoming.network
    subcommand = incoming.param(1).upper()
    names = incoming.param(-1).split()
    if subcommand == "LS":
        network.caps.offered |= _with_values(names)
        if incoming.param(2) == "*" and len(incoming.message.params) > 3:
            return  # "all but the last reply MUST have a parameter containing only an asterisk"
        if _secure(incoming):
            return
        if login.lacks_account(network):
            login.account_required(incoming.model, network, incoming.time)
            return
        _ask_for(network, network.caps.offered)
        end_negotiation(network)
    elif subcommand == "NEW":
        offered = _with_values(names)
        network.caps.offered |= offered
        _ask_for(network, offered)
    elif subcommand == "DEL":
        network.caps.withdraw(names)
    elif subcommand in ("ACK", "NAK"):
        _measure_skew(incoming)
        if subcommand == "ACK":
            network.caps.acknowledge(names)
            if caps.bits(names) & caps.EXTENDED_ISUPPORT and network.link.state is LinkState.REGISTERING:
                network.send("ISUPPORT")  # before the welcome, so that the first names are compared rightly
            if login.SASL in names and not (login.has_credentials(network) and login.start(network)):
                incoming.answer(
                    "Not logged in: without TLS the password could be read. Connect with TLS.", LineKind.ERROR
                )
        network.caps.answered()
        end_negotiation(network)


@on(Numeric.RPL_WELCOME)
def welcome(incoming: Incoming) -> None:
    """Note that registration is complete. The server may have cut or changed the nickname."""
    network = incoming.network
    network.link.complete_registration()
    if not bouncer.holds_session(network):
        _measure_skew(incoming)  # a bouncer repeats the welcome that it got itself, with the time of that
    network.directory.masks = 0
    if incoming.param(0) not in ("", "*"):
        network.nicks.current = incoming.param(0)
        _take_bouncers_nick(network)
    last_word = incoming.param(-1).rpartition(" ")[2]
    nick, _, mask = last_word.partition("!")
    if mask and network.is_me(nick):
        network.nicks.mask = mask
    incoming.note(network.status, incoming.param(-1), LineKind.INFO)


@on(Numeric.RPL_ISUPPORT)
def isupport(incoming: Incoming) -> None:
    """Note the server's features (RPL_ISUPPORT)."""
    network = incoming.network
    fold = network.fold
    network.isupport.update(incoming.message.params[1:-1])
    if network.fold is not fold:
        network.refold()
    _take_bouncers_nick(network)


def _take_bouncers_nick(network: ClientNetwork) -> None:
    """Want the nickname of a bouncer, which manages it, so that we do not compete with it."""
    if bouncer.holds_session(network) and network.link.state is LinkState.ONLINE:
        network.nicks.accept_current()


@on(Numeric.RPL_ENDOFMOTD, Numeric.ERR_NOMOTD)
def after_welcome(incoming: Incoming) -> None:
    """Join the channels and send waiting messages after the welcome; after /motd there is nothing to do."""
    network = incoming.network
    first, network.link.welcomed = not network.link.welcomed, True
    joining.rejoin(network)
    for buffer in network.buffers.values():
        if buffer.kind is BufferKind.PRIVATE:
            sending.flush(incoming.model, buffer, incoming.time)
    if network.away_text and not network.away:
        network.send("AWAY", network.away_text)
    login.after_welcome(incoming.model, network, incoming.time)
    chathistory.ask_targets(network, incoming.time)
    if first:
        network_setup.run_commands(incoming.model, network)
        bouncer.ask_playback(network)
    nick_recovery.watch(network)
    notify_list.watch(incoming.model, network)


@on("CHATHISTORY")
def chathistory_target(incoming: Incoming) -> None:
    """`CHATHISTORY TARGETS <target> <timestamp>`: https://ircv3.net/specs/extensions/chathistory#targets"""
    time = milliseconds_of(incoming.param(2))
    if incoming.param(0) == "TARGETS" and incoming.param(1) and time is not None:
        chathistory.new_messages_in(incoming.model, incoming.network, incoming.param(1), time)


@on(Numeric.RPL_MONONLINE)
def online(incoming: Incoming) -> None:
    """`<nick> :target[!user@host][,target...]`"""
    for mask in incoming.param(1).split(","):
        notify_list.user_online(incoming.model, incoming.network, mask, incoming.time)


@on(Numeric.RPL_MONOFFLINE)
def offline(incoming: Incoming) -> None:
    """`<nick> :target[,target...]`: https://ircv3.net/specs/extensions/monitor"""
    for nick in incoming.param(1).split(","):
        notify_list.user_offline(incoming.model, incoming.network, nick, incoming.time)


@on(Numeric.ERR_NICKNAMEINUSE, Numeric.ERR_ERRONEUSNICKNAME, Numeric.ERR_UNAVAILRESOURCE)
def nick_refused(incoming: Incoming) -> None:
    """Try another nick before the welcome; later tell the user."""
    network = incoming.network
    refused = incoming.param(1)
    if network.isupport.is_channel(refused):  # 437 is for both
        joining.refused(incoming.model, network, refused)
        incoming.answer(f"{refused}: {incoming.param(-1)}", LineKind.ERROR)
        return
    if network.link.state is LinkState.ONLINE:
        asked = network.nicks.take_asked()
        if not asked and network.fold(refused) == network.fold(network.nicks.wanted):
            nick_recovery.on_nick_denied(incoming.model, network, incoming.time)
            return
        incoming.answer(f"The nickname {refused} was refused: {incoming.param(-1)}", LineKind.ERROR)
        return
    longer = len(refused) < LONGEST_NICK and incoming.message.command == Numeric.ERR_NICKNAMEINUSE.command
    substitute = refused + "_" if longer else f"guest{len(network.status.lines) + 10}"
    network.nicks.refuse(refused, incoming.param(-1), substitute)
    incoming.note(
        network.status,
        f"{refused} can't be used here ({incoming.param(-1)}); trying {network.nicks.current}.",
        LineKind.ERROR,
    )
    network.send("NICK", network.nicks.current)


@on("RESUME")
def resume(incoming: Incoming) -> None:
    """Store the resume token for reconnecting after an upgrade of the server."""
    incoming.network.login.resume_token = incoming.param(0)


@on("PING")
def ping(incoming: Incoming) -> None:
    """Answer the server's PING."""
    incoming.network.send("PONG", *incoming.message.params[-1:])


@on("PONG")
def pong(incoming: Incoming) -> None:
    """Measure the lag, and confirm messages that the server has received."""
    _measure_skew(incoming)
    sending.arrived(incoming.model, incoming.network, incoming.param(-1), incoming.time)
    unsent.answered(incoming.network, incoming.param(-1))


def _measure_skew(incoming: Incoming) -> None:
    """Note the difference between the server's clock and ours, from a present message."""
    if "time" in incoming.message.tags:
        incoming.network.link.measure_skew(incoming.time)


@on("ACK")
def ack(incoming: Incoming) -> None:
    """Note that a labeled message needed no answer."""
    sending.answered(incoming.model, incoming.network, incoming.label, incoming.time)


@on("ERROR")
def error(incoming: Incoming) -> None:
    """Show why the server closes the connection; during an upgrade reconnect silently."""
    network = incoming.network
    if incoming.param(-1) == UPGRADED and network.link.state is LinkState.ONLINE:
        network.login.reconnecting = True
        incoming.model.effects.append(Reconnect(network, UPGRADED))
        return
    incoming.network.link.closing_reason = incoming.param(-1)
    incoming.note(incoming.network.status, incoming.param(-1), LineKind.ERROR)


def _secure(incoming: Incoming) -> bool:
    """Switch to TLS if the server requires it (STS), and remember that. Return True if this connection must end."""
    network = incoming.network
    policy = _with_values(network.caps.offered.get("sts", "").split(","))
    port, duration = policy.get("port", ""), policy.get("duration", "")
    if network.address.tls:
        if duration.isdecimal():
            incoming.model.effects.append(RequireTls(network, int(duration)))
    elif port.isdecimal() and 0 < int(port) < 65536:
        network.address = ServerAddress(network.address.host, int(port), tls=True)
        network.login.only_tls = True
        network.outgoing.clear()
        network.login.reconnecting = True
        incoming.note(network.status, f"The server requires TLS. Connecting again to port {port}.", LineKind.INFO)
        incoming.model.effects.append(Reconnect(network, "to switch to TLS"))
        return True
    return False


def _with_values(names: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in names)}


def _ask_for(network: ClientNetwork, offered: dict[str, str]) -> None:
    line = ""
    wanted = WANTED_CAPS | (caps.SASL if login.has_credentials(network) else 0)
    if not caps.bits(offered) & caps.METADATA_3:
        wanted = (wanted & ~caps.METADATA) | caps.METADATA_2  # one or the other, never both
    if caps.bits(offered) & caps.CHATHISTORY:
        wanted &= ~caps.ZNC_PLAYBACK  # ZNC would send the same again
    if not network.bouncer.bound:
        wanted |= caps.BOUNCER_NETWORKS_NOTIFY
    for name in caps.names(wanted):
        if name not in offered or caps.bits([name]) & network.caps.held:
            continue
        if line and len(line) + len(name) > REQ_BYTES:
            _request(network, line)
            line = ""
        line += f" {name}" if line else name
    if line:
        _request(network, line)


def _request(network: ClientNetwork, line: str) -> None:
    network.caps.asked += 1
    network.send("CAP", "REQ", line)


def end_negotiation(network: ClientNetwork) -> None:
    """End the negotiation, once all requests are answered and the login has succeeded or failed."""
    if network.caps.asked == 0 and network.login.attempt is None and network.link.state is LinkState.REGISTERING:
        if network.away_text and network.caps.held & caps.PRE_AWAY != 0:
            network.send("AWAY", network.away_text)
        if network.bouncer.bound:
            network.send("BOUNCER", "BIND", network.bouncer.bound)
        network.send("CAP", "END")
