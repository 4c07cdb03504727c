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
    f"More than {MOST_WINDOWS} people wrote to you whose windows you have not looked at. What the first ones said"
    " stands here; /query NICK opens one's window again, /ignore NICK stops one."
)


def window(model: Model, network: ClientNetwork, nick: str, now: int) -> Buffer:
    """Return the window of somebody who writes to the user; a new one where there is none."""
    buffer = network.find(nick)
    if buffer is None:
        buffer = model.open(network, nick)
        buffer.strange = True
        if model.draws:
            _make_room(model, buffer, now)
    return buffer


def _make_room(model: Model, newest: Buffer, now: int) -> None:
    """Close the windows of strangers for which there is no room beside the newest one."""
    network = newest.network
    strange = [buffer for buffer in network.buffers.values() if buffer.strange and buffer is not newest]
    if len(strange) < MOST_WINDOWS:
        return
    friends = notify_list.watched(model, network)
    strange.sort(key=lambda buffer: buffer.lines[-1].time if buffer.lines else now)
    for buffer in strange[: len(strange) + 1 - MOST_WINDOWS]:
        if network.fold(buffer.name) in friends or buffer.waiting or any(line.own for line in buffer.lines):
            buffer.strange = False
        elif not buffer.history.page:
            _fold(model, buffer, now)


def _fold(model: Model, buffer: Buffer, now: int) -> None:
    """Put what was said in a window into the server's, and close it."""
    network = buffer.network
    for line in buffer.lines:
        if line.kind in TALK:
            model.add(network.status, replace(line, highlight=False), live=False)
    if not network.reading.told_strangers:
        network.reading.told_strangers = True
        model.add(network.status, Line(now, LineKind.INFO, _EXPLANATION, highlight=True))
    model.close(buffer)
