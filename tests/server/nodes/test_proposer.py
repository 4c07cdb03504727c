"""A node writes an entry at a time, and before it has come only what asks to come."""

from typing import Any

import gevent
import pytest
from gevent.event import Event

from greenchat.chat.acts import Ran
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


def test_an_entry_waits_a_moment_while_there_is_much_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs the engine and all nodes more than an act in it; who says one thing does not wait."""
    line: Any = Line()
    has_ended = Event()
    log = NodeLog()

    def say(*words: str) -> None:
        for word in words:
            log.note(Ran(1, 0, word, ()), lambda now: None)

    def come_back() -> list[str]:
        assert line.some.wait(5)
        line.some.clear()
        entry = line.appended[-1]
        assert writer.take_back(entry, lambda own: None)
        return [act[3] for act in entry.acts]

    monkeypatch.setattr(proposer, "sleep", lambda seconds: say("meanwhile"))
    writer = Proposer("abc", log, line)
    running = gevent.spawn(writer.run, lambda: 1, lambda: True, has_ended.is_set)
    say("one")
    assert come_back() == ["one"]
    say("two", "three")
    assert come_back() == ["two", "three"]
    say("four")
    assert come_back() == ["four", "meanwhile"]
    has_ended.set()
    running.kill()
