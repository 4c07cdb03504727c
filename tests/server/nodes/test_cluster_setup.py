"""Making a log while the engine does not answer as it should."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat.server.nodes.engine import Engine
from greenchat.server.nodes.engine_errors import EngineError
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, nats

pytestmark = NEEDED


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Return a node whose log does not exist yet."""
    with nats(tmp_path) as (engine,):
        one = Machine(tmp_path, "one", [engine])
        yield one
        one.close()


def test_a_lost_answer(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log was made all the same, and this node belongs to it."""
    make = Engine.make_log

    def make_without_answer(engine: Engine, name: str, identity: str, *, replicas: int) -> None:
        make(engine, name, identity, replicas=replicas)
        raise EngineError("it does not answer")

    monkeypatch.setattr(Engine, "make_log", make_without_answer)
    assert "was created" in machine.do("cluster", "init")
    machine.start()
    assert machine.end() == 0


def test_an_engine_that_disappears(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of the engine so far is unknown: `rebase` makes the log."""

    def go_away(engine: Engine, *_: object, **__: object) -> None:
        engine.close("it has closed the connection")
        raise EngineError(engine.end_reason)

    monkeypatch.setattr(Engine, "make_log", go_away)
    assert machine.refused("cluster", "init") == "it has closed the connection"
    monkeypatch.undo()
    assert "`cluster rebase` creates a new one" in machine.refused("cluster", "init")
    assert "was recreated" in machine.do("cluster", "rebase")
    machine.start()
    assert machine.end() == 0


def test_an_engine_that_refuses(machine: Machine) -> None:
    """Nothing is left behind, so it can be repeated."""
    text = machine.config.read_text(encoding="utf-8")
    machine.config.write_text(text.replace("replicas = 1", "replicas = 3"), encoding="utf-8")
    machine.refused("cluster", "init")
    machine.config.write_text(text, encoding="utf-8")
    assert "was created" in machine.do("cluster", "init")
