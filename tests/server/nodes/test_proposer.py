"""A node writes an entry at a time, and before it has come only what asks to come."""

from typing import Any

import gevent
import pytest
from gevent.event import Event

from greenchat.server.nodes import entries, proposer
from greenchat.server.nodes.log import NodeLog
from greenchat.server.nodes.proposer import Proposer
from tests.patience import PATIENCE


class Line:
    """The engine: what was appended comes back only if a node applies it."""

    def __init__(self) -> None:
        self.appended: list[entries.LogEntry] = []
        self.some = Event()

    def append(self, entry: bytes, _: str) -> bool:
        self.appended.append(entries.unpack(entry))
        self.some.set()
        return True


def test_who_has_not_come_does_not_say_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """That would be waited for in vain, and what asks to come with it: the node never came."""
    monkeypatch.setattr(proposer, "_ALIVE", 0.005)
    line: Any = Line()
    is_here, has_ended = Event(), Event()
    writer = Proposer("abc", NodeLog(), line)
    running = gevent.spawn(writer.run, lambda: 1, is_here.is_set, has_ended.is_set)
    gevent.sleep(0.05)  # ten times as long as it is silent
    assert not line.appended
    is_here.set()
    assert line.some.wait(PATIENCE)
    entry = line.appended[0]
    assert (entry.token, entry.count, list(entry.acts)) == ("abc", 1, [])
    has_ended.set()
    assert writer.take_back(entry, lambda own: None)
    running.join(PATIENCE)
    assert running.dead
