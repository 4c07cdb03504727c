"""Shutting down: every client is told why, and running work gets a moment, but nothing can delay the end."""

import logging
from collections.abc import Callable, Mapping
from time import monotonic

import gevent

from greenchat.server.net.connection import Connection

log = logging.getLogger(__name__)

_LAST_WORK = 3.0  # seconds for the work of threads to finish when the server ends
_LAST_WORDS = 0.4  # seconds for clients to hang up when the server ends
_LAST_TURNS = 1.0  # seconds to clean up after clients that did not read the farewell


def disconnect_all(connections: Mapping[Connection, None], farewell: str, patience: float) -> None:
    """Tell all clients the reason, and wait a moment for them to hang up; those that don't may have read only a part.

    connections: those that end are removed from it. patience: seconds for a client to read its last lines.
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


def wait_for_end(end: Callable[[], None], what: str) -> None:
    """Wait until `end` returns, but not too long: a mail server may hang. what: named in the log."""
    try:
        with gevent.Timeout(_LAST_WORK):
            end()
    except gevent.Timeout:
        log.warning("%s was abandoned after %d s, because the server is stopping", what, _LAST_WORK)
