"""Waiting of handlers for the shared log."""

from collections.abc import Iterator

import gevent
import pytest
from gevent.event import AsyncResult

from greenchat.server.nodes.log import NodeLog


class SlowEngine:
    """Answers each question when it is told to. questions: those that it was asked, and their answers."""

    def __init__(self) -> None:
        self.questions: list[AsyncResult] = []

    def newest(self) -> int:
        answer = AsyncResult()
        self.questions.append(answer)
        number: int = answer.get()
        return number


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def log(engine: SlowEngine) -> Iterator[NodeLog]:
    log = NodeLog()
    log.newest = engine.newest
    yield log
    for question in engine.questions:
        question.set(0)


def test_a_flood_of_requests_asks_the_engine_as_often_as_it_answers(log: NodeLog, engine: SlowEngine) -> None:
    """An answer serves the requests that came before its query."""
    first = gevent.spawn(log.catch_up)
    gevent.sleep(0.01)
    flood = [gevent.spawn(log.catch_up) for _ in range(500)]
    gevent.sleep(0.01)
    assert len(engine.questions) == 1
    engine.questions[0].set(0)
    first.get(timeout=5)
    gevent.sleep(0.01)
    assert len(engine.questions) == 2
    assert not any(each.ready() for each in flood)
    engine.questions[1].set(7)
    gevent.sleep(0.01)
    assert not any(each.ready() for each in flood), "entry 7 is not applied"
    log.position = 7
    log.note_entry()
    gevent.joinall(flood, timeout=5, raise_error=True)
    assert all(each.ready() for each in flood)
    assert len(engine.questions) == 2


def test_who_is_killed_while_waiting_keeps_nobody_from_an_answer(log: NodeLog, engine: SlowEngine) -> None:
    """A request may end at any time; half a question would break the connection to the engine."""
    killed = gevent.spawn(log.find, lambda: None)
    other = gevent.spawn(log.find, lambda: log.position or None)
    gevent.sleep(0.01)
    killed.kill()
    log.position = 3
    engine.questions[0].set(3)
    assert other.get(timeout=5) == 3
    assert len(engine.questions) == 1
