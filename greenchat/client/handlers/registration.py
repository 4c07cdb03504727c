"""Coming in: capabilities, the welcome, what the server can do, and the channels to be in.

https://ircv3.net/specs/extensions/capability-negotiation
"""

from greenchat.client.handlers.registry import Incoming, milliseconds_of, on
from greenchat.client.irc import chathistory, login, nick_recovery, notify_list, sending
from greenchat.client.state.address import Address
from greenchat.client.state.effects import OnlyTls, Reconnect
from greenchat.client.state.lines import Kind
from greenchat.client.state.model import BufferKind, Link, Network
from greenchat.protocol.numerics import Numeric

PRE_AWAY = "draft/pre-away"
WANTED_CAPS = (
    "server-time",
    "message-tags",
    "batch",
    "labeled-response",
    "echo-message",
    "multi-prefix",
    "userhost-in-names",
    "away-notify",
    "account-notify",
    "account-tag",
    "extended-join",
    "extended-monitor",  # for /notify -away
    "draft/extended-monitor",
    "chghost",
    "setname",
    "cap-notify",
    "invite-notify",
    "standard-replies",
    "draft/chathistory",
    "draft/event-playback",
    "draft/read-marker",
    "draft/message-redaction",
    "draft/channel-rename",
    "draft/multiline",
    "draft/metadata-3",  # for /whois
    PRE_AWAY,
    "soju.im/search",
    "draft/account-registration",
)
REQ_BYTES = 400  # "Clients SHOULD ensure that their list ... is not too long to be replied to with a single ACK"
LONGEST_NICK = 30


def register(network: Network) -> None:
    """Say who we are, the first thing on a new connection."""
    network.send("CAP", "LS", "302")
    if network.password:
        network.send("PASS", network.password)
    network.nick = network.wanted_nick
    network.send("NICK", network.nick)
    user = "".join(letter for letter in network.nick if letter.isascii() and letter.isalnum()) or "user"
    network.send("USER", user[:10], "0", "*", network.realname or network.nick)


@on("CAP")
def cap(at: Incoming) -> None:
    """The server's side of the negotiation."""
    network = at.network
    subcommand = at.param(1).upper()
    names = at.param(-1).split()
    if subcommand == "LS":
        network.caps_offered |= _with_values(names)
        if at.param(2) == "*" and len(at.message.params) > 3:
            return  # "all but the last reply MUST have a parameter containing only an asterisk"
        if _secure(at):
            return
        _ask_for(network, network.caps_offered)
        end_when_settled(network)
    elif subcommand == "NEW":
        offered = _with_values(names)
        network.caps_offered |= offered
        _ask_for(network, offered)
    elif subcommand == "DEL":
        for name in names:
            network.caps_offered.pop(name, None)
            network.caps.discard(name)
    elif subcommand in ("ACK", "NAK"):
        if subcommand == "ACK":
            for name in names:
                if name.startswith("-"):
                    network.caps.discard(name[1:])
                else:
                    network.caps.add(name)
            if login.SASL in names and not (login.wants(network) and login.start(network)):
                at.answer("There is no safe way to log in here without TLS.", Kind.ERROR)
        network.caps_asked = max(0, network.caps_asked - 1)
        end_when_settled(network)


@on(Numeric.RPL_WELCOME)
def welcome(at: Incoming) -> None:
    """We are in. The server may have cut or changed our nick."""
    network = at.network
    network.link = Link.ONLINE
    network.lost_at = network.retry_at = None
    network.tries, network.trouble, network.offers_server = 0, None, False
    network.settled, network.listed = False, 0
    if at.param(0) not in ("", "*"):
        network.nick = at.param(0)
    last_word = at.param(-1).rpartition(" ")[2]
    nick, _, mask = last_word.partition("!")
    if mask and network.is_me(nick):
        network.mask = mask
    at.note(network.status, at.param(-1), Kind.INFO)


@on(Numeric.RPL_ISUPPORT)
def isupport(at: Incoming) -> None:
    """What the server can do."""
    network = at.network
    fold = network.fold
    network.isupport.update(at.message.params[1:-1])
    if network.fold is not fold:
        network.refold()


@on(Numeric.RPL_ENDOFMOTD, Numeric.ERR_NOMOTD)
def settled(at: Incoming) -> None:
    """The welcome is over: join the channels and say what waited. After /motd there is nothing left to do."""
    network = at.network
    network.settled = True
    for name, key in network.channels.items():
        buffer = network.find(name)
        if buffer is None or not buffer.joined:
            network.send("JOIN", name, *([key] if key else []))
    for buffer in network.buffers.values():
        if buffer.kind is BufferKind.PRIVATE:
            sending.flush(at.model, buffer, at.time)
    if network.away_text and not network.away:
        network.send("AWAY", network.away_text)
    login.settle(at.model, network, at.time)
    chathistory.ask_targets(network, at.time)
    nick_recovery.watch(network)
    notify_list.watch(at.model, network)


@on("CHATHISTORY")
def went_on(at: Incoming) -> None:
    """`CHATHISTORY TARGETS <target> <timestamp>`: https://ircv3.net/specs/extensions/chathistory#targets"""
    time = milliseconds_of(at.param(2))
    if at.param(0) == "TARGETS" and at.param(1) and time is not None:
        chathistory.talk_went_on(at.model, at.network, at.param(1), time)


@on(Numeric.RPL_MONONLINE)
def online(at: Incoming) -> None:
    """`<nick> :target[!user@host][,target...]`"""
    for mask in at.param(1).split(","):
        notify_list.came(at.model, at.network, mask, at.time)


@on(Numeric.RPL_MONOFFLINE)
def offline(at: Incoming) -> None:
    """`<nick> :target[,target...]`: https://ircv3.net/specs/extensions/monitor"""
    for nick in at.param(1).split(","):
        notify_list.went(at.model, at.network, nick, at.time)


@on(Numeric.ERR_NICKNAMEINUSE, Numeric.ERR_ERRONEUSNICKNAME, Numeric.ERR_UNAVAILRESOURCE)
def nick_refused(at: Incoming) -> None:
    """Before we are in, another nick is tried; later the user is told."""
    network = at.network
    refused = at.param(1)
    if network.link is Link.ONLINE:
        asked, network.asked_nick = network.asked_nick, ""
        if not asked and network.fold(refused) == network.fold(network.wanted_nick):
            nick_recovery.denied(at.model, network, at.time)
            return
        at.answer(f"You can't be called {refused}: {at.param(-1)}", Kind.ERROR)
        return
    longer = len(refused) < LONGEST_NICK and at.message.command == Numeric.ERR_NICKNAMEINUSE.command
    network.refused_nick = network.refused_nick or (refused, at.param(-1))
    network.nick = refused + "_" if longer else f"guest{len(network.status.lines) + 10}"
    at.note(network.status, f"{refused} can't be used here ({at.param(-1)}); trying {network.nick}.", Kind.ERROR)
    network.send("NICK", network.nick)


@on("PING")
def ping(at: Incoming) -> None:
    """The server wants to know whether we are still there."""
    at.network.send("PONG", *at.message.params[-1:])


@on("PONG")
def pong(at: Incoming) -> None:
    """The link measures the lag by it; and it tells what the server has got."""
    sending.arrived(at.model, at.network, at.param(-1), at.time)


@on("ACK")
def ack(at: Incoming) -> None:
    """A labeled message was done and needed no answer."""
    sending.answered(at.model, at.network, at.label, at.time)


@on("ERROR")
def error(at: Incoming) -> None:
    """The server is about to close the connection and says why."""
    at.network.last_words = at.param(-1)
    at.note(at.network.status, at.param(-1), Kind.ERROR)


def _secure(at: Incoming) -> bool:
    """STS: go over to TLS where the server demands it, remember that it does. True if this connection is to end."""
    network = at.network
    policy = _with_values(network.caps_offered.get("sts", "").split(","))
    port, duration = policy.get("port", ""), policy.get("duration", "")
    if network.address.tls:
        if duration.isdecimal():
            at.model.requests.append(OnlyTls(network, int(duration)))
    elif port.isdecimal() and 0 < int(port) < 65536:
        network.address = Address(network.address.host, int(port), tls=True)
        network.only_tls = True
        network.outgoing.clear()
        at.note(network.status, f"The server demands TLS: connecting again, to port {port}.", Kind.INFO)
        at.model.requests.append(Reconnect(network, "to switch to TLS"))
        return True
    return False


def _with_values(names: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in names)}


def _ask_for(network: Network, offered: dict[str, str]) -> None:
    line = ""
    for name in (*WANTED_CAPS, *([login.SASL] if login.wants(network) else [])):
        if name not in offered or name in network.caps:
            continue
        if line and len(line) + len(name) > REQ_BYTES:
            _request(network, line)
            line = ""
        line += f" {name}" if line else name
    if line:
        _request(network, line)


def _request(network: Network, line: str) -> None:
    network.caps_asked += 1
    network.send("CAP", "REQ", line)


def end_when_settled(network: Network) -> None:
    """End the negotiation, once all is answered and we are logged in or can't be."""
    if network.caps_asked == 0 and network.attempt is None and network.link is Link.REGISTERING:
        if network.away_text and PRE_AWAY in network.caps:
            network.send("AWAY", network.away_text)
        network.send("CAP", "END")
