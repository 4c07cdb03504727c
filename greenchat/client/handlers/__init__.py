"""What each event from a network changes in the model. One function per command or numeric; none of them draws."""

from greenchat.client import past, server_search, talk, trust
from greenchat.client.events import Connected, Disconnected, Garbled, NetworkEvent, Received, Untrusted
from greenchat.client.handlers import channels, login, messages, playback, registration, replies
from greenchat.client.handlers.registry import TABLE, Incoming, said_at
from greenchat.client.isupport import Isupport
from greenchat.client.model import BufferKind, Link, Model, Network
from greenchat.client.said import Kind, Line
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import BATCH_TYPE, CONCAT, Part, whole

__all__ = ["apply", "channels", "login", "messages"]

IGNORABLE = frozenset({"PRIVMSG", "NOTICE", "TAGMSG", "INVITE"})


def apply(model: Model, network: Network, event: NetworkEvent, now: int) -> None:
    """Change the model by what happened on a network. now: milliseconds since the epoch."""
    match event:
        case Received(message):
            network.heard_at = now
            _received(Incoming(model, network, message, said_at(message, now)))
        case Connected():
            network.link = Link.REGISTERING
            network.isupport = Isupport()
            network.refold()
            network.caps.clear()
            network.caps_offered.clear()
            network.caps_asked = 0
            network.batches.clear()
            network.attempt, network.account = None, ""
            network.batch_sizes.clear()
            network.batch_lines.clear()
            registration.register(network)
        case Disconnected(reason):
            _disconnected(model, network, reason, now)
        case Untrusted(fingerprint, reason):
            trust.ask(model, network, fingerprint, reason, now)
        case Garbled(reason):
            model.add(network.status, Line(now, Kind.ERROR, f"The server sent a line that is no message: {reason}"))


def _received(at: Incoming) -> None:
    message = at.message
    if message.command == "BATCH":
        _batch(at)
        return
    opened = at.network.batches.get(message.tags.get("batch", ""))
    if opened and opened.params[1:2] == (BATCH_TYPE,) and len(message.params) > 1:
        at.network.batch_lines.setdefault(message.tags["batch"], []).append(message)
        return
    if opened:
        network_sizes = at.network.batch_sizes
        reference = message.tags["batch"]
        network_sizes[reference] = network_sizes.get(reference, 0) + 1
        label = opened.tags.get("label")
        if label and "label" not in message.tags:
            message = type(message)(message.command, message.params, message.source, {**message.tags, "label": label})
        at = Incoming(at.model, at.network, message, at.time, opened.params[1] if len(opened.params) > 1 else "")
    if at.batch == server_search.CAPABILITY:
        playback.found(at)
        return
    if at.batch == "chathistory" and message.command not in playback.LIVE:
        target = at.network.find(opened.params[2]) if opened and len(opened.params) > 2 else None
        if target:
            playback.played_back(at, target)
        return
    if message.command in IGNORABLE and _ignored(at):
        return
    TABLE.get(message.command, replies.anything_else)(at)


def _ignored(at: Incoming) -> bool:
    """Is it from somebody whom the user does not want to read?"""
    settings = at.model.settings
    return bool(settings.ignored) and not at.mine and settings.ignores(at.message.source or "", at.nick)


def _batch(at: Incoming) -> None:
    """https://ircv3.net/specs/extensions/batch"""
    reference = at.param(0)
    if reference.startswith("+"):
        outer = at.network.batches.get(at.message.tags.get("batch", ""))
        if outer and at.param(1) == "labeled-response":
            return
        at.network.batches[reference[1:]] = at.message
    else:
        ended = at.network.batches.pop(reference[1:], None)
        lines = at.network.batch_lines.pop(reference[1:], [])
        if ended and lines and len(ended.params) > 2:
            # "implementations MUST collect the message content from each line in the batch and wait until the full
            # batch has been received before processing the message"
            text = whole([Part(line.params[1], CONCAT in line.tags) for line in lines])
            one = Message(lines[0].command, (ended.params[2], text), ended.source, ended.tags)
            _received(Incoming(at.model, at.network, one, said_at(one, at.time)))
        size = at.network.batch_sizes.pop(reference[1:], 0)
        if ended and ended.params[1:2] == (server_search.CAPABILITY,) and size == 0:
            at.answer("The server remembers nothing like that.")
        if ended and len(ended.params) > 2 and ended.params[1] == "chathistory":
            buffer = at.network.find(ended.params[2])
            if buffer:
                past.answered(at.model, buffer, size, at.time)


def _disconnected(model: Model, network: Network, reason: str, now: int) -> None:
    was_online = network.link is Link.ONLINE
    if was_online:
        network.missed_since = network.heard_at
    network.link = Link.OFFLINE
    network.lag = None
    network.outgoing.clear()
    told = {network.status}
    if model.current.network is network:
        told.add(model.current)
    for buffer in network.buffers.values():
        if buffer.joined:
            told.add(buffer)
        buffer.joined = False
        buffer.members.clear()
        buffer.names_arriving = None
        buffer.asking = False
        if buffer.kind is not BufferKind.STATUS:
            talk.unsend(buffer)
    text = "Disconnected" if network.leaving else "Connection lost" if was_online else "Can't connect"
    kind = Kind.INFO if network.leaving else Kind.ERROR
    for buffer in told:
        model.add(buffer, Line(now, kind, f"{text}: {reason}"))
