"""What people say: PRIVMSG, NOTICE, CTCP, invitations, and what came of our own messages."""

from dataclasses import replace

from greenchat import __version__
from greenchat.client.handlers.registry import Incoming, milliseconds_of, on
from greenchat.client.irc import chathistory, login, message_actions, notify_list, sending, typing
from greenchat.client.state.lines import Kind, Line
from greenchat.client.state.model import Buffer, Model
from greenchat.protocol.message import split_source
from greenchat.protocol.numerics import Numeric

ACCOUNT_TAG = "account-tag"
CTCP_REPLIES_WAITING = 3  # more questions than that at once are somebody's flood


@on("PRIVMSG", "NOTICE")
def said(at: Incoming) -> None:
    """Somebody said something, maybe we ourselves (echo-message)."""
    notice = at.message.command == "NOTICE"
    target, text = at.param(0), at.param(1)
    kind = Kind.NOTICE if notice else Kind.SAID
    if text.startswith("\x01"):
        command, _, argument = text[1:].rstrip("\x01").partition(" ")
        if command.upper() != "ACTION":
            _ctcp(at, command.upper(), argument)
            return
        kind, text = Kind.ACTION, argument
    if at.label and not at.mine:
        sending.answered(at.model, at.network, at.label, at.time)
    if at.mine and login.hides(target, text):
        return  # our own password, echoed or out of the history
    buffer = _buffer_for(at, target, notice=notice)
    _note_account(at, buffer)
    if at.mine and at.batch != "chathistory":
        sending.confirm(buffer, at.label, text)
    elif at.mine:
        chathistory.found_own(buffer, text, at.time)
    buffer.typing.pop(at.nick, None)
    member = buffer.member(at.nick)
    if member:
        member.spoke = at.time
    prefix = member.prefixes[:1] if member else ""
    reply = message_actions.replied_to(at.message.tags)
    parent = buffer.said(reply)
    line = Line(
        at.time,
        kind,
        text,
        member.nick if member else at.nick,  # one string for all that somebody says
        prefix,
        own=at.mine,
        highlight=at.highlights(text) or (not at.mine and parent is not None and parent.own),
        id=at.message.tags.get("msgid", ""),
        reply=reply,
        quote=message_actions.quoted(parent) if reply else "",
    )
    at.show(buffer, line)


def _note_account(at: Incoming, buffer: Buffer) -> None:
    """Over a private talk stands whether the other one is who they seem to be: what account-tag is for."""
    if ACCOUNT_TAG not in at.network.caps or at.batch or at.message.command != "PRIVMSG":
        return
    if buffer is at.network.find(at.nick):
        account = at.message.tags.get("account", "")
        buffer.topic = f"logged in as {account}" if account else "not logged in"


@on("MARKREAD")
def markread(at: Incoming) -> None:
    """Up to where the user has read, maybe in another client: https://ircv3.net/specs/extensions/read-marker"""
    buffer = at.network.find(at.param(0))
    _, _, stamp = at.param(1).partition("timestamp=")
    time = milliseconds_of(stamp)
    chathistory.read_until(at.model, at.network, at.param(0), time or 0)
    if buffer and time is not None:
        chathistory.marked(at.model, buffer, time)


@on("REDACT")
def redact(at: Incoming) -> None:
    """A message is taken back: `REDACT <target> <msgid> [<reason>]`."""
    target = at.nick if at.network.is_me(at.param(0)) else at.param(0)
    buffer = at.network.find(target)
    if buffer is None or not at.param(1):
        return
    reason = f": {at.param(2)}" if at.param(2) else ""
    msgid = at.param(1)
    for place in range(len(buffer.lines) - 1, -1, -1):
        line = buffer.lines[place]
        if line.reply == msgid:
            buffer.replace(place, replace(line, quote="a message that was taken back"))
        if line.id == msgid:
            text = f"(taken back by {at.nick}{reason})"
            buffer.replace(place, replace(line, text=text, kind=Kind.EVENT, highlight=False, reply="", quote=""))
            return


@on("TAGMSG")
def tagged(at: Incoming) -> None:
    """A message that is only tags: somebody is typing, or reacts to a message."""
    state = at.message.tags.get(typing.TAG)
    buffer = at.network.find(at.nick if at.network.is_me(at.param(0)) else at.param(0))
    if buffer and state and not at.mine and at.batch != "chathistory":
        typing.heard(buffer, at.nick, state, at.time)
    if buffer:
        message_actions.heard(buffer, at.nick, at.message.tags)


@on("INVITE")
def invited(at: Incoming) -> None:
    """Somebody is asked into a channel: us, or (invite-notify) somebody else into a channel we are in."""
    who, channel = at.param(0), at.param(1)
    if at.network.is_me(who):
        at.answer(f"{at.nick} invites you to {channel}: /join {channel}")
    else:
        buffer = at.network.find(channel)
        if buffer:
            at.note(buffer, f"{at.nick} invited {who}")


@on(Numeric.RPL_AWAY)
def away(at: Incoming) -> None:
    """Whom we wrote to (or asked about) is away."""
    nick = at.param(1)
    buffer = at.network.find(nick)
    text = notify_list.away_text(nick, at.param(-1))
    if buffer is None:
        at.answer(text)
    elif not any(line.text == text for line in list(buffer.lines)[-20:]):
        at.note(buffer, text, Kind.INFO)


@on(
    Numeric.ERR_NOSUCHNICK,
    Numeric.ERR_NOSUCHCHANNEL,
    Numeric.ERR_CANNOTSENDTOCHAN,
    Numeric.ERR_NOTONCHANNEL,
    Numeric.ERR_TOOMANYTARGETS,
)
def not_delivered(at: Incoming) -> None:
    """What we said or asked for could not be done; if it was something said, show that it was not sent."""
    target, reason = at.param(1), at.param(-1)
    if at.message.command == Numeric.ERR_NOSUCHNICK.command:
        reason = "nobody is called that here now"
    buffer = at.network.find(target)
    refused = sending.refuse(buffer, at.label) if buffer else None
    if buffer and refused:
        at.note(buffer, f"Not sent ({reason}): {refused.text}", Kind.ERROR)
    elif buffer and at.message.command != Numeric.ERR_NOSUCHNICK.command:
        at.note(buffer, f"{target}: {reason}", Kind.ERROR)
    else:
        at.answer(f"{target}: {reason}", Kind.ERROR)


@on(Numeric.ERR_NOSUCHSERVER)
def no_such_server(at: Incoming) -> None:
    """`<server name> :No such server`; to `WHOIS bob bob` it means that bob is not here, and no nickname has a dot."""
    name = at.param(1)
    missing = f"There is no server {name}" if "." in name else f"{name}: nobody is called that here now"
    at.answer(missing, Kind.ERROR)


@on("FAIL", "WARN", "NOTE")
def standard_reply(at: Incoming) -> None:
    """`FAIL <command> <code> [context...] :text`: https://ircv3.net/specs/extensions/standard-replies"""
    if at.param(0) == "CHATHISTORY":
        for waiting_for_history in at.network.buffers.values():
            chathistory.failed(at.model, waiting_for_history, at.time)
    kind = Kind.INFO if at.message.command == "NOTE" else Kind.ERROR
    context = " ".join(at.message.params[2:-1])
    buffer = _waiting_for(at.model, at) if at.label else None
    refused = sending.refuse(buffer, at.label) if buffer else None
    if buffer and refused:
        at.note(buffer, f"Not sent ({at.param(-1)}): {refused.text}", Kind.ERROR)
        return
    command = "" if at.param(0) == "*" else at.param(0)
    about = " ".join(part for part in (command, context) if part)
    at.answer(f"{about}: {at.param(-1)}" if about else at.param(-1), kind)


def _waiting_for(model: Model, at: Incoming) -> Buffer | None:
    for buffer in model.buffers:
        if buffer.network is at.network and any(waiting.label == at.label for waiting in buffer.waiting):
            return buffer
    return None


def _buffer_for(at: Incoming, target: str, *, notice: bool) -> Buffer:
    network = at.network
    channel = target.lstrip(network.isupport.statusmsg) if network.isupport.statusmsg else target
    if network.isupport.is_channel(channel):
        return network.find(channel) or at.model.open(network, channel)
    if at.mine:
        return at.model.open(network, target)
    from_server = "!" not in (at.message.source or "")
    if from_server:
        return network.find(at.nick) or network.status
    if notice:
        # A notice alone opens no window: services and bots answer by notice.
        current = at.model.current
        return network.find(at.nick) or (current if current.network is network else network.status)
    return at.model.open(network, at.nick)


def _ctcp(at: Incoming, command: str, argument: str) -> None:
    if at.message.command == "NOTICE":
        heard = at.network.heard_at  # by our own clock, as what we sent
        if command == "PING" and argument.isdecimal() and int(argument) <= heard:
            at.answer(f"{at.nick} answers after {(heard - int(argument)) / 1000:.2f} s")
        else:
            at.answer(f"{at.nick} answers {command}: {argument}")
        return
    if at.mine or not split_source(at.message.source or "")[1]:
        return
    replies = {"VERSION": f"greenchat {__version__}", "PING": argument, "CLIENTINFO": "ACTION CLIENTINFO PING VERSION"}
    at.note(at.network.status, f"{at.nick} asks for {command}")
    if command in replies and len(at.network.outgoing) < CTCP_REPLIES_WAITING:
        at.network.send("NOTICE", at.nick, f"\x01{command} {replies[command]}\x01")
