"""Sends the user's messages: none is lost, and none is sent twice.

A text waits in its buffer, where it is drawn under the lines. With echo-message it is removed when the server's echo
arrives (recognized by its label with labeled-response); without, when the server answers a PING sent right after it,
since servers process lines in order. Texts that still wait when a connection breaks are sent on the next one.

https://ircv3.net/specs/extensions/labeled-response#client-implementation-considerations
"""

from collections import deque

from greenchat.client.irc import multiline
from greenchat.client.irc.hidden_words import hides
from greenchat.client.irc.message_actions import REPLY, quoted
from greenchat.client.state.lines import Line, LineKind, PendingMessage
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model
from greenchat.client.state.network import LABEL
from greenchat.protocol import caps
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message
from greenchat.protocol.tags import CLIENT_ID
from greenchat.records import replace

LONGEST_HOST = 63  # bytes, a common limit, used until we know our own host
ARRIVED = "said-"  # the prefix of the token of a PING after a message
ACTION_BYTES = len("\x01ACTION \x01")


def say(model: Model, buffer: Buffer, text: str, kind: LineKind, now: int, reply: str = "") -> None:
    """Send a text of one or more lines to a buffer: at once, or when the server can receive it."""
    buffer.waiting.append(PendingMessage(text, kind, now, id=buffer.network.new_id(), reply=reply))
    flush(model, buffer, now)


def room_for_text(buffer: Buffer, kind: LineKind) -> int:
    """Return the bytes of text that fit into one message once the server has put the sender before it."""
    network = buffer.network
    mask = len(network.nicks.mask.encode()) or network.isupport.number("USERLEN", 18) + 1 + LONGEST_HOST
    command = "NOTICE" if kind is LineKind.NOTICE else "PRIVMSG"
    head = f":{network.nicks.current}! {command} {buffer.name} :"
    room = BODY_LIMIT - 2 - mask - len(head.encode())
    return max(64, room - (ACTION_BYTES if kind is LineKind.ACTION else 0))


def flush(model: Model, buffer: Buffer, now: int) -> None:
    """Send the waiting texts that were not sent yet, if the buffer's target can receive messages now."""
    network = buffer.network
    if network.link.state is not LinkState.ONLINE or (buffer.kind is BufferKind.CHANNEL and not buffer.joined):
        return
    echo = network.caps.held & caps.ECHO_MESSAGE != 0
    sent = False
    buffer.waiting = [piece for waiting in buffer.waiting for piece in _sendable(buffer, waiting)]
    for index, waiting in enumerate(buffer.waiting):
        if waiting.label:
            continue
        waiting = replace(waiting, label=network.new_label())
        buffer.waiting[index] = waiting
        command = "NOTICE" if waiting.kind is LineKind.NOTICE else "PRIVMSG"
        tags = _tags(network, waiting) if echo else {}
        if waiting.reply and network.caps.held & caps.MESSAGE_TAGS != 0:
            tags[REPLY] = waiting.reply
        if waiting.kind is LineKind.ACTION:
            network.send(command, buffer.name, f"\x01ACTION {waiting.text}\x01", tags=tags)
        elif len(lines := multiline.parts(waiting.text, room_for_text(buffer, waiting.kind))) > 1:
            network.outgoing += multiline.batch(command, buffer.name, lines, waiting.label, tags)
        else:
            network.send(command, buffer.name, waiting.text, tags=tags)
        sent = True
    if sent and not echo:
        network.outgoing = deque(each for each in network.outgoing if not _needs_delivery_check(each))
        network.send("PING", f"{ARRIVED}{network.labels}")


def _needs_delivery_check(message: Message) -> bool:
    return message.command == "PING" and message.params[0].startswith(ARRIVED)


def _tags(network: ClientNetwork, waiting: PendingMessage) -> dict[str, str]:
    """Return the label that identifies the echo, and the id that identifies a repetition after a lost connection."""
    tags = {"label": waiting.label} if network.caps.held & caps.LABELED_RESPONSE != 0 else {}
    if waiting.id and network.caps.held & caps.MESSAGE_TAGS != 0 and network.isupport.allows_tag(CLIENT_ID[1:]):
        tags[CLIENT_ID] = waiting.id
    return tags


def _sendable(buffer: Buffer, waiting: PendingMessage) -> list[PendingMessage]:
    """Return the waiting text in pieces that this server takes as one message each."""
    if waiting.label:
        return [waiting]
    room = room_for_text(buffer, waiting.kind)
    together = waiting.kind is not LineKind.ACTION
    pieces = multiline.pieces(waiting.text, room, buffer.network, together=together)
    return (
        [waiting]
        if pieces == [waiting.text]
        else [replace(waiting, text=piece, id=buffer.network.new_id()) for piece in pieces]
    )


def confirm(buffer: Buffer, label: str, text: str) -> bool:
    """Remove an echoed line from the waiting ones; return whether this client has sent it."""
    sent = [waiting for waiting in buffer.waiting if waiting.label]
    if label:
        pending = next((waiting for waiting in sent if waiting.label == label), None)
    elif buffer.network.caps.held & caps.LABELED_RESPONSE != 0:
        return False  # sent by another client of the user
    else:
        pending = next((waiting for waiting in sent if waiting.text == text), None)
    if pending:
        buffer.waiting.remove(pending)
    return pending is not None


def arrived(model: Model, network: ClientNetwork, token: str, now: int) -> None:
    """Confirm everything that was sent before a PING that the server has answered."""
    number = token.removeprefix(ARRIVED)
    if not token.startswith(ARRIVED) or not number.isdecimal():
        return
    for buffer in network.buffers.values():
        for waiting in list(buffer.waiting):
            if waiting.label and int(waiting.label.removeprefix(LABEL)) <= int(number):
                buffer.waiting.remove(waiting)
                model.add(buffer, _own_line(buffer, waiting, now))


def answered(model: Model, network: ClientNetwork, label: str, now: int) -> None:
    """Note that the server has done something without an echo: it was a command for a service."""
    for buffer in network.buffers.values():
        pending = next((waiting for waiting in buffer.waiting if waiting.label == label), None)
        if pending:
            buffer.waiting.remove(pending)
            if not hides(buffer.name, pending.text):
                model.add(buffer, _own_line(buffer, pending, now))


def _own_line(buffer: Buffer, waiting: PendingMessage, now: int) -> Line:
    """Return a line like the echo, for servers that send none."""
    nick = buffer.network.nicks.current
    member = buffer.member(nick)
    quote = quoted(buffer.find_message(waiting.reply)) if waiting.reply else ""
    prefix = member.prefixes[:1] if member else ""
    return Line(now, waiting.kind, waiting.text, nick, prefix, own=True, reply=waiting.reply, quote=quote, here=True)


def refuse(buffer: Buffer, label: str) -> PendingMessage | None:
    """Remove a refused text from the waiting ones, and return it: without a label the oldest that was sent."""
    sent = [waiting for waiting in buffer.waiting if waiting.label]
    pending = next((waiting for waiting in sent if not label or waiting.label == label), None)
    if pending:
        buffer.waiting.remove(pending)
    return pending


def unsend(buffer: Buffer) -> None:
    """Mark unconfirmed texts to be sent again, after a lost connection."""
    buffer.waiting = [
        replace(waiting, label="", maybe=waiting.maybe or bool(waiting.label)) for waiting in buffer.waiting
    ]
