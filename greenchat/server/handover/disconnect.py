"""Ends the connections that can't be handed over, in small groups, so that their clients reconnect.

Otherwise the new process would have to do the TLS handshakes of all of them at once. Nothing here runs the event loop.
"""

import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from math import ceil

from greenchat.protocol.disconnect_reasons import UPGRADED
from greenchat.protocol.message import Message
from greenchat.protocol.websocket import FRAMED, SERVICE_RESTART, close_frame, frames
from greenchat.server.net.connection import Connection

_GROUP = 25
_PAUSE = 0.05  # seconds between two groups: 500 handshakes a second
_LONGEST = 10.0  # seconds for all of them
_LINGER = 0.5  # seconds for the last to read it before the connection ends
_READ = 1 << 16  # bytes


def disconnect_in_groups(connections: Sequence[Connection]) -> None:
    """Tell clients, group by group, why they are disconnected, and disconnect them. Waits."""
    groups = ceil(len(connections) / _GROUP)
    pause = min(_PAUSE, _LONGEST / max(groups, 1))
    for number in range(groups):
        for connection in connections[number * _GROUP : (number + 1) * _GROUP]:
            with suppress(OSError):
                _say(connection)
        time.sleep(pause)
    if connections:
        time.sleep(_LINGER)
    for connection in connections:
        # unread input would turn the close into a reset, which destroys our last lines
        with suppress(OSError):
            while connection.accepted.recv(_READ):
                pass


def _say(connection: Connection) -> None:
    """Send the queue, as far as the kernel takes it, and then the farewell."""
    kind = connection.session.kind
    words = Message("ERROR", (UPGRADED,)).format().encode() + b"\r\n"
    if connection.session.dialect:
        words = b""
    elif kind & FRAMED:
        words = frames(words, kind) + close_frame(SERVICE_RESTART)
    data = connection.outbox.waits + words
    sent = connection.sock.send(data) if data else 0
    if sent == len(data):
        connection.sock.shutdown(socket.SHUT_WR)
