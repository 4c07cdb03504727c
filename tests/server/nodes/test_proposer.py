"""A node writes one entry at a time, and before it is present only its request to join."""

from typing import Any

import gevent
import pytest
from gevent.event import Event

from greenchat.server.nodes import entries, proposer
from greenchat.server.nodes.log import NodeLog
from greenchat.server.nodes.proposer import Proposer
from tests.patience import PATIENCE


class Line:
    """An engine whose appended entries come back only when a node applies them."""

    def __init__(self) -> None:
        self.appended: list[entries.LogEntry] = []
        self.some = Event()

    def append(self, entry: bytes, _: str) -> bool:
        self.appended.append(entries.unpack(entry))
        self.some.set()
        return True


def test_a_node_that_is_not_present_writes_no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat would be waited for in vain, and the request to join with it."""
    monkeypatch.setattr(proposer, "_ALIVE", 0.005)
    line: Any = Line()
    is_here, has_ended = Event(), Event()
    writer = Proposer("abc", NodeLog(), line)
    running = gevent.spawn(writer.run, lambda: 1, is_here.is_set, has_ended.is_set)
    gevent.sleep(0.05)  # ten times the interval of heartbeats
    assert not line.appended
    is_here.set()
    assert line.some.wait(PATIENCE)
    entry = line.appended[0]
    assert (entry.token, entry.count, list(entry.acts)) == ("abc", 1, [])
    has_ended.set()
    assert writer.confirm(entry, lambda own: None)
    running.join(PATIENCE)
    assert running.dead
