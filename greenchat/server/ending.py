"""Shutting down: every client is told why, and running work gets a moment, but nothing can delay the end."""

import logging
from collections.abc import Callable, Mapping
from time import monotonic

import gevent

from greenchat.server.net.connection import Connection

log = logging.getLogger(__name__)

_LAST_WORK = 3.0  # seconds for what threads have started when the server ends
_LAST_WORDS = 0.4  # seconds for clients to hang up when the server ends
_LAST_TURNS = 1.0  # seconds for those who did not take our farewell to be cleaned up


def end_connections(connections: Mapping[Connection, None], farewell: str, patience: float) -> None:
    """Tell everybody why, and wait a moment for them to hang up; who does not has got what the kernel took.

    connections: whoever ends is taken out of it. patience: seconds that a client has to take its last lines.
    """
    for connection in list(connections):
        connection.close(farewell, is_lost=True)
    deadline = monotonic() + min(patience, _LAST_WORDS)
    while connections and monotonic() < deadline:
        gevent.sleep(0.02)
    for connection in list(connections):
        connection.outbox.cut(farewell)
    while connections and monotonic() < deadline + _LAST_TURNS:
        gevent.sleep(0.001)


def let_end(end: Callable[[], None], what: str) -> None:
    """Let them finish what they have started, unless it takes too long: a mail server may hang."""
    try:
        with gevent.Timeout(_LAST_WORK):
            end()
    except gevent.Timeout:
        log.warning("%s was abandoned after %d s, because the server is stopping", what, _LAST_WORK)
