"""Messages: PRIVMSG, NOTICE, CTCP, invitations, and confirmations of our own messages."""

from greenchat.client.handlers.registry import HISTORIES, Incoming, milliseconds_of, on
from greenchat.client.irc import (
    bouncer,
    chathistory,
    ctcp,
    dcc,
    hidden_words,
    joining,
    login,
    message_actions,
    notify_list,
    sending,
    strangers,
    typing,
)
from greenchat.client.state.effects import UseToken
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, LinkState, Model
from greenchat.client.state.session_state import LastDevice
from greenchat.client.state.transfers import in_words
from greenchat.protocol import caps
from greenchat.protocol.message import split_source
from greenchat.protocol.numerics import Numeric
from greenchat.records import replace


@on("PRIVMSG", "NOTICE")
def message(incoming: Incoming) -> None:
    """Show a message, possibly the user's own (echo-message)."""
    notice = incoming.message.command == "NOTICE"
    target, text = incoming.param(0), incoming.param(1)
    kind = LineKind.NOTICE if notice else LineKind.SAID
    if text.startswith("\x01"):
        command, _, argument = text[1:].rstrip("\x01").partition(" ")
        if command.upper() != "ACTION":
            _ctcp(incoming, command.upper(), argument)
            return
        kind, text = LineKind.ACTION, argument
    if incoming.label and not incoming.is_own:
        sending.answered(incoming.model, incoming.network, incoming.label, incoming.time)
    if incoming.is_own and (hidden_words.hides(target, text) or target == bouncer.PLAYER):
        return  # our own password, echoed or in the history; our automatic requests to a bouncer
    buffer = _buffer_for(incoming, target, notice=notice)
    _note_account(incoming, buffer)
    sent_here = False
    if incoming.is_own and incoming.batch not in HISTORIES:
        sent_here = sending.confirm(buffer, incoming.label, text)
        incoming.network.devices.others |= not sent_here
        incoming.network.devices.last = LastDevice.HERE if sent_here else LastDevice.ELSEWHERE
    elif incoming.is_own:
        chathistory.confirm_own(buffer, text, incoming.time)
    buffer.typing.pop(incoming.nick, None)
    member = buffer.member(incoming.nick)
    if member:
        member.spoke = incoming.time
    prefix = member.prefixes[:1] if member else ""
    reply = message_actions.replied_to(incoming.message.tags)
    parent = buffer.find_message(reply)
    line = Line(
        incoming.time,
        kind,
        text,
        member.nick if member else incoming.nick,  # share one string for all messages of a member
        prefix,
        own=incoming.is_own,
        highlight=incoming.highlights(text, buffer)
        or (not incoming.is_own and parent is not None and parent.own)
        or (buffer is incoming.network.status and notice and _is_announcement(incoming, target)),
        id=incoming.message.tags.get("msgid", ""),
        reply=reply,
        quote=message_actions.quoted(parent) if reply else "",
        here=sent_here,
    )
    buffer.has_quit = buffer.has_quit and incoming.is_from_history
    incoming.show(buffer, line)


def _note_account(incoming: Incoming, buffer: Buffer) -> None:
    """Note the account of the other user of a private conversation, by account-tag, for the window's topic."""
    if not incoming.network.caps.held & caps.ACCOUNT_TAG or incoming.batch or incoming.message.command != "PRIVMSG":
        return
    if buffer is incoming.network.find(incoming.nick):
        account = incoming.message.tags.get("account", "")
        buffer.topic = f"logged in as {account}" if account else "not logged in"


@on("MARKREAD")
def markread(incoming: Incoming) -> None:
    """Note the read marker, maybe of another client: https://ircv3.net/specs/extensions/read-marker"""
    buffer = incoming.network.find(incoming.param(0))
    _, _, stamp = incoming.param(1).partition("timestamp=")
    time = milliseconds_of(stamp)
    chathistory.read_until(incoming.model, incoming.network, incoming.param(0), time or 0)
    if buffer and time is not None:
        chathistory.marked(incoming.model, buffer, time)


@on("REDACT")
def redact(incoming: Incoming) -> None:
    """Show a deleted message: `REDACT <target> <msgid> [<reason>]`."""
    target = incoming.nick if incoming.network.is_me(incoming.param(0)) else incoming.param(0)
    buffer = incoming.network.find(target)
    if buffer is None or not incoming.param(1):
        return
    reason = f": {incoming.param(2)}" if incoming.param(2) else ""
    msgid = incoming.param(1)
    for place in range(len(buffer.lines) - 1, -1, -1):
        line = buffer.lines[place]
        if line.reply == msgid:
            buffer.replace(place, replace(line, quote="a deleted message"))
        if line.id == msgid:
            text = f"(deleted by {incoming.nick}{reason})"
            buffer.replace(place, replace(line, text=text, kind=LineKind.EVENT, highlight=False, reply="", quote=""))
            return


@on("TAGMSG")
def tagged(incoming: Incoming) -> None:
    """Handle a message that is only tags: typing or a reaction."""
    state = incoming.message.tags.get(typing.TAG)
    buffer = incoming.network.find(incoming.nick if incoming.network.is_me(incoming.param(0)) else incoming.param(0))
    if buffer and state and incoming.is_live:
        typing.receive(buffer, incoming.nick, state, incoming.network.link.heard_at)
    if buffer:
        message_actions.apply_reaction(buffer, incoming.nick, incoming.message.tags)


@on("INVITE")
def invited(incoming: Incoming) -> None:
    """Show an invitation: of the user, or (invite-notify) of another user to a channel of ours."""
    who, channel = incoming.param(0), incoming.param(1)
    if incoming.network.is_me(who):
        incoming.answer(f"{incoming.nick} invites you to {channel}: /join {channel}")
    else:
        buffer = incoming.network.find(channel)
        if buffer:
            incoming.note(buffer, f"{incoming.nick} invited {who}")


@on(Numeric.RPL_AWAY)
def away(incoming: Incoming) -> None:
    """Show that the recipient of a message or of a WHOIS is away."""
    nick = incoming.param(1)
    buffer = incoming.network.find(nick)
    text = notify_list.away_text(nick, incoming.param(-1))
    if buffer is None:
        incoming.answer(text)
    elif not any(line.text == text for line in list(buffer.lines)[-20:]):
        incoming.note(buffer, text, LineKind.INFO)


@on(
    Numeric.ERR_NOSUCHNICK,
    Numeric.ERR_NOSUCHCHANNEL,
    Numeric.ERR_CANNOTSENDTOCHAN,
    Numeric.ERR_NOTONCHANNEL,
    Numeric.ERR_TOOMANYTARGETS,
)
def not_delivered(incoming: Incoming) -> None:
    """Show that an order or a message was refused; a message is marked as not sent."""
    target, reason = incoming.param(1), incoming.param(-1)
    if incoming.message.command == Numeric.ERR_NOSUCHNICK.command:
        reason = "no such nick"
    buffer = incoming.network.find(target)
    if buffer and typing.is_refused(buffer, incoming.label):
        return
    if incoming.network.isupport.is_channel(target) and not (buffer and buffer.joined):
        joining.refused(incoming.model, incoming.network, target)
    refused = sending.refuse(buffer, incoming.label) if buffer else None
    if buffer and refused:
        _not_sent(incoming, buffer, reason, refused.text)
    elif buffer and incoming.message.command != Numeric.ERR_NOSUCHNICK.command:
        incoming.note(buffer, f"{target}: {reason}", LineKind.ERROR)
    else:
        incoming.answer(f"{target}: {reason}", LineKind.ERROR)


@on(Numeric.ERR_NOSUCHSERVER)
def no_such_server(incoming: Incoming) -> None:
    """`<server name> :No such server`; after `WHOIS bob bob` it means that bob is offline; nicknames have no dots."""
    name = incoming.param(1)
    missing = f"There is no server {name}" if "." in name else f"{name}: no such nick"
    incoming.answer(missing, LineKind.ERROR)


@on("FAIL", "WARN", "NOTE")
def standard_reply(incoming: Incoming) -> None:
    """`FAIL <command> <code> [context...] :text`: https://ircv3.net/specs/extensions/standard-replies"""
    if incoming.label == typing.LABEL:
        return
    if incoming.param(0) == "CHATHISTORY":
        incoming.network.reading.asks_talks = False
        for waiting_for_history in incoming.network.buffers.values():
            chathistory.failed(incoming.model, waiting_for_history, incoming.time)
    if incoming.param(0) == "FILEHOST":
        incoming.model.effects.append(UseToken(incoming.network, ""))
    if incoming.param(0) == "AUTHENTICATE" and incoming.param(1) in ("CODE_REQUIRED", "CODE_INVALID"):
        login.ask_code(incoming.model, incoming.network, incoming.param(-1), incoming.time)
        return
    link = incoming.network.link
    if incoming.param(1) == "ACCOUNT_REQUIRED" and link.state is LinkState.REGISTERING and not link.leaving:
        login.account_required(incoming.model, incoming.network, incoming.time)
        return
    kind = LineKind.INFO if incoming.message.command == "NOTE" else LineKind.ERROR
    context = " ".join(incoming.message.params[2:-1])
    buffer = _waiting_for(incoming.model, incoming) if incoming.label else None
    refused = sending.refuse(buffer, incoming.label) if buffer else None
    if buffer and refused:
        _not_sent(incoming, buffer, incoming.param(-1), refused.text)
        return
    command = "" if incoming.param(0) == "*" else incoming.param(0)
    about = " ".join(part for part in (command, context) if part)
    text = f"{about}: {incoming.param(-1)}" if about else incoming.param(-1)
    if command == "BOUNCER":  # asked over the connection to the bouncer, from the window of any of its networks
        incoming.model.tell(text, incoming.time, kind)
    else:
        incoming.answer(text, kind)
    if command == "REGISTER" and incoming.param(1) in ("WEAK_PASSWORD", "UNACCEPTABLE_PASSWORD"):
        login.password_refused(incoming.model, incoming.network)


def _not_sent(incoming: Incoming, buffer: Buffer, reason: str, text: str) -> None:
    link = incoming.network.link
    link.refused = link.refused + 1
    link.refusal = reason
    incoming.note(buffer, f"Not sent ({reason}): {text}", LineKind.ERROR)


def _waiting_for(model: Model, incoming: Incoming) -> Buffer | None:
    for buffer in model.buffers:
        if buffer.network is incoming.network and any(waiting.label == incoming.label for waiting in buffer.waiting):
            return buffer
    return None


def _buffer_for(incoming: Incoming, target: str, *, notice: bool) -> Buffer:
    network = incoming.network
    channel = target.lstrip(network.isupport.statusmsg) if network.isupport.statusmsg else target
    if network.isupport.is_channel(channel):
        return network.find(channel) or incoming.model.open(network, channel)
    if incoming.is_own:
        return incoming.model.open(network, target)
    from_server = "!" not in (incoming.message.source or "")
    if from_server:
        if _is_announcement(incoming, target):
            return current if (current := incoming.model.current).network is network else network.status
        return network.find(incoming.nick) or network.status
    if notice:
        # A notice alone opens no window: services and bots answer by notice.
        current = incoming.model.current
        return network.find(incoming.nick) or (current if current.network is network else network.status)
    return strangers.window_for(incoming.model, network, incoming.nick, incoming.time)


def _is_announcement(incoming: Incoming, target: str) -> bool:
    """Whether a server's notice should be read now, like an announcement of operators.

    Routine notices begin with *** on all servers; those before the welcome are about connecting.
    """
    network = incoming.network
    is_for_us = bool(incoming.message.source) and network.is_me(target) and not incoming.param(1).startswith("***")
    return is_for_us and incoming.is_live and network.link.welcomed


def _ctcp(incoming: Incoming, command: str, argument: str) -> None:
    network = incoming.network
    if incoming.message.command == "NOTICE":
        if incoming.is_own and not incoming.is_from_history:
            ctcp.echoed(network, incoming.param(0), command)
        if not incoming.is_live:
            return  # no answer to anything that was asked here
        received_at = network.link.heard_at  # by our own clock, like the sent time
        if command == "PING" and argument.isdecimal() and int(argument) <= received_at:
            incoming.answer(f"{incoming.nick} answers after {(received_at - int(argument)) / 1000:.2f} s")
        else:
            incoming.answer(f"{incoming.nick} answers {command}: {argument}")
        return
    if not incoming.is_live or not split_source(incoming.message.source or "")[1]:
        return
    if command == "DCC":
        _offered(incoming, argument)
        return
    incoming.note(network.status, f"{incoming.nick} asks for {command}")
    ctcp.answer(incoming.model, network, incoming.nick, command, argument)


def _offered(incoming: Incoming, argument: str) -> None:
    """Note an offered file, which is fetched on the user's command."""
    offer = dcc.offered(incoming.network, incoming.nick, argument)
    if offer is None:
        incoming.note(incoming.network.status, f"{incoming.nick} sent the unsupported request DCC {argument}.")
        return
    incoming.model.offers.append(offer)
    size = f" ({in_words(offer.size)})" if offer.size else ""
    incoming.about_me(
        incoming.network.find(incoming.nick) or incoming.network.status,
        f"{incoming.nick} offers you the file {offer.name}{size}. /dcc get {incoming.nick} fetches it.",
        LineKind.INFO,
    )
