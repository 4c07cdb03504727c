"""Pending messages and answers at the end of a script's input: whether to wait for them, and the outcome."""

from greenchat.client.state.lines import LineKind
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model

PATIENCE_SECONDS = 60.0  # for a lost connection to be restored
ANSWER_SECONDS = 10.0  # for answers of servers
_LAST_PING = "settled"


def waits(model: Model, seconds: float) -> bool:
    """Whether something may still be sent. seconds: since the input ended."""
    return any(_waits(network, seconds) for network in model.networks)


def is_answered(model: Model, seconds: float) -> bool:
    """Whether all servers have answered a script's requests; the first call sends each a PING.

    seconds: since the input ended.
    """
    online = [network for network in model.networks if network.link.state is LinkState.ONLINE]
    for network in online:
        if network.link.all_answered is None:
            network.link.all_answered = False
            network.send("PING", _LAST_PING)
    return seconds >= ANSWER_SECONDS or all(network.link.all_answered for network in online)


def answered(network: ClientNetwork, token: str) -> None:
    """Note an answer to one of our PINGs."""
    if token == _LAST_PING:
        network.link.all_answered = True


def outcome(model: Model) -> str:
    """Return what was not sent or answered, in one line for the user; "" if everything was."""
    for network in model.networks:
        lines = sum(len(buffer.waiting) for buffer in network.buffers.values()) + network.link.refused
        what = f"{lines} line{'s' if lines > 1 else ''} not sent: " if lines else ""
        if network.link.state is not LinkState.ONLINE:
            error = network.link.error_line.text if network.link.error_line else _last_error_of(network.status)
            return f"{what}{error}" if error else f"{what}Not connected to {network.address}"
        refused = next((buffer for buffer in network.buffers.values() if _refused(buffer)), None)
        if refused:
            return f"{what}{_last_error_of(refused) or f'You are not in {refused.name}.'}"
        if network.link.refused:
            return f"{what}{network.link.refusal}"
        if lines:
            return f"{what}{network.address} did not confirm it in time"
    return ""


def _waits(network: ClientNetwork, seconds: float) -> bool:
    link = network.link
    if link.state is LinkState.OFFLINE:
        broke = link.missed_since != 0 and not link.leaving
        return broke and seconds < PATIENCE_SECONDS
    if link.state is not LinkState.ONLINE or not link.welcomed:
        return seconds < PATIENCE_SECONDS
    coming = [
        name
        for name in (*network.channels, *network.show_on_join)
        if (buffer := network.find(name)) is None or _is_joining(buffer)
    ]
    sends = any(buffer.waiting for buffer in network.buffers.values() if not _refused(buffer))
    return bool(coming or sends or network.outgoing) and seconds < PATIENCE_SECONDS


def _is_joining(buffer: Buffer) -> bool:
    return not buffer.joined and not buffer.refused


def _refused(buffer: Buffer) -> bool:
    """Whether the waiting texts of a channel can't be sent: the join was refused, or the user was removed."""
    sent_away = not buffer.network.is_coming(buffer.name) and bool(buffer.waiting)
    return buffer.kind is BufferKind.CHANNEL and not buffer.joined and (buffer.refused or sent_away)


def _last_error_of(buffer: Buffer) -> str:
    return next((line.text for line in reversed(buffer.lines) if line.kind is LineKind.ERROR), "")
