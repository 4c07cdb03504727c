"""How a server ends: everybody is told why, and what was begun gets a moment, but nobody can hold it up."""

import logging
from collections.abc import Callable, Mapping
from time import monotonic

import gevent

from greenchat.server.net.connection import Connection

log = logging.getLogger(__name__)

_LAST_WORK = 3.0  # seconds for what threads have begun when the server ends
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
    """Let them finish what they have begun, unless it takes too long: a mail server may hang."""
    try:
        with gevent.Timeout(_LAST_WORK):
            end()
    except gevent.Timeout:
        log.warning("%s was given up, since the server ends and it took longer than %d s", what, _LAST_WORK)
