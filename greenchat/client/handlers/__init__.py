"""Handlers of network events, which change the model. One function per command or numeric; none of them draws."""

from greenchat.client.handlers import bouncer, channels, login, messages, refusals, registration
from greenchat.client.handlers.batches import receive
from greenchat.client.handlers.registry import Incoming, time_of
from greenchat.client.irc import login as login_steps
from greenchat.client.irc import offer_server, sending, trust
from greenchat.client.state.effects import ANEW
from greenchat.client.state.events import (
    Connected,
    Disconnected,
    InvalidLine,
    NetworkEvent,
    PasswordFound,
    PasswordNotFound,
    Received,
    Recoded,
    Untrusted,
)
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model
from greenchat.records import replace

__all__ = ["apply", "bouncer", "channels", "login", "messages", "refusals"]


def apply(model: Model, network: ClientNetwork, event: NetworkEvent, now: int) -> None:
    """Apply a network event to the model. now: milliseconds since the epoch."""
    match event:
        case Received(message):
            network.link.heard_at = now
            receive(Incoming(model, network, message, time_of(message, now)))
        case Recoded(message):
            network.link.heard_at = now
            receive(Incoming(model, network, message, time_of(message, now)))
            if not network.link.recoded:
                network.link.recoded = True
                text = f"{message.nick or 'The server'} uses an encoding other than UTF-8; it is read as Windows-1252."
                buffer = network.find(message.params[0] if message.params else "") or network.status
                model.add(buffer, Line(now, LineKind.INFO, text))
        case Connected():
            network.begin_connection()
            registration.register(model, network)
        case Disconnected(reason):
            _disconnected(model, network, reason, now)
        case PasswordFound(credentials):
            login_steps.use_saved(network, credentials)
        case PasswordNotFound(reason) if reason != network.login.password_error:
            network.login.password_error = reason
            model.complain(network, reason, now)
        case Untrusted(fingerprint, reason):
            trust.ask(model, network, fingerprint, reason, now)
        case InvalidLine(reason):
            model.add(network.status, Line(now, LineKind.ERROR, f"The server sent an invalid line: {reason}"))


def _disconnected(model: Model, network: ClientNetwork, reason: str, now: int) -> None:
    was_online = network.link.state is LinkState.ONLINE
    affected = {network.status, *(buffer for buffer in network.buffers.values() if buffer.joined)}
    if model.current.network is network:
        affected.add(model.current)
    network.end_connection()
    for buffer in network.buffers.values():
        if buffer.kind is not BufferKind.STATUS:
            sending.unsend(buffer)
    reconnecting = network.login.take_reconnecting()
    if not was_online and not network.link.leaving:
        if not reconnecting:
            _show_failed_attempt(model, network, affected, Line(now, LineKind.ERROR, f"Can't connect: {reason}"))
        return
    network.login.silent_rejoins.clear()
    if reconnecting:
        network.login.silent_rejoins |= {
            network.fold(buffer.name) for buffer in affected if buffer.kind is BufferKind.CHANNEL
        }
        return
    if network.link.closing_reason and not network.link.leaving:
        reason = network.link.closing_reason
    network.link.closing_reason = ""
    wanted = network.link.leaving or reason == ANEW
    text, kind = ("Disconnected", LineKind.INFO) if wanted else ("Connection lost", LineKind.ERROR)
    unseen = kind is LineKind.ERROR and model.current.network is not network
    for buffer in affected:
        model.add(buffer, Line(now, kind, f"{text}: {reason}", highlight=unseen and buffer is network.status))


def _show_failed_attempt(model: Model, network: ClientNetwork, affected: set[Buffer], line: Line) -> None:
    """Show failed attempts to connect as one line; the status line counts down to the next one."""
    before = network.link.error_line
    network.link.tries += 1
    if network.link.tries > 1:
        line = replace(line, text=f"{line.text} ({network.link.tries} tries)")
    for buffer in affected:
        if before is None or not buffer.exchange(before, line):
            model.add(buffer, line)
    network.link.error_line = line
    if network.link.offers_server:
        offer_server.ask(model, network, line.time)
