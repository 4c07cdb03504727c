"""Limits the number of windows that other users open by writing private messages.

A first message opens a window. If there are too many windows that the user has neither seen nor written in, those
without a message for longest are closed: their messages move to the server's window, and remain in the logs, the
archive and the server's history. Otherwise an attacker with many nicknames could bury the user's own windows. Without a
screen (`--plain`) none is closed: there is nothing to bury, and the messages were printed already.
"""

from greenchat.client.irc import notify_list
from greenchat.client.state.lines import TALK, Line, LineKind
from greenchat.client.state.model import Buffer, ClientNetwork, Model
from greenchat.records import replace

MOST_WINDOWS = 20  # on each network
_EXPLANATION = (
    f"More than {MOST_WINDOWS} people wrote to you in windows that you have not opened yet. The messages of the"
    " first ones are shown here; /query NICK opens a window again, /ignore NICK ignores somebody."
)


def window_for(model: Model, network: ClientNetwork, nick: str, now: int) -> Buffer:
    """Return the window of somebody who writes to the user, made if need be."""
    buffer = network.find(nick)
    if buffer is None:
        buffer = model.open(network, nick)
        buffer.from_stranger = True
        if model.has_screen:
            _make_room(model, buffer, now)
    return buffer


def _make_room(model: Model, newest: Buffer, now: int) -> None:
    """Close the windows of strangers for which there is no room beside the newest one."""
    network = newest.network
    candidates = [buffer for buffer in network.buffers.values() if buffer.from_stranger and buffer is not newest]
    if len(candidates) < MOST_WINDOWS:
        return
    friends = notify_list.watched(model, network)
    candidates.sort(key=lambda buffer: buffer.lines[-1].time if buffer.lines else now)
    for buffer in candidates[: len(candidates) + 1 - MOST_WINDOWS]:
        if network.fold(buffer.name) in friends or buffer.waiting or any(line.own for line in buffer.lines):
            buffer.from_stranger = False
        elif not buffer.history.page:
            _fold(model, buffer, now)


def _fold(model: Model, buffer: Buffer, now: int) -> None:
    """Move the messages of a window to the server's window, and close it."""
    network = buffer.network
    for line in buffer.lines:
        if line.kind in TALK:
            model.add(network.status, replace(line, highlight=False), live=False)
    if not network.reading.told_strangers:
        network.reading.told_strangers = True
        model.add(network.status, Line(now, LineKind.INFO, _EXPLANATION, highlight=True))
    model.close(buffer)
