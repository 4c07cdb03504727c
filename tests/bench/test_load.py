"""The work that a server postpones until nobody talks."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from greenchat.bench import load
from greenchat.bench.load import Job, SteadyLoad
from greenchat.bench.swarm import Endpoint
from greenchat.bench.wire import Wording

AT_REST = 0.003  # cores


class _Swarm:
    """Clients that only let the time pass."""

    now = 0.0

    def run_for(self, seconds: float) -> None:
        self.now += seconds


def _later(monkeypatch: pytest.MonkeyPatch, cpu: Callable[[float], float], delivered: int) -> float:
    """Return the later work per delivery. cpu: of the server, by the time since the end of the talk."""
    swarm: Any = _Swarm()
    monkeypatch.setattr(load, "perf_counter", lambda: swarm.now)
    monkeypatch.setattr(load, "cpu_seconds", lambda pid: cpu(swarm.now))
    monkeypatch.setattr(load, "waiting_seconds", lambda pid: 0.0)
    job = Job(Endpoint("127.0.0.1", 1), 1, 3.0, Wording(68), lambda what, share: None)
    talk = SteadyLoad(job, swarm, [], iter(()), 1)
    member: Any = SimpleNamespace(reader=SimpleNamespace(got=lambda: delivered))
    talk.members.append(member)
    return talk.with_later_work({"cpu_per_delivery": 0.0})["cpu_per_delivery_in_all"]


def test_work_that_begins_after_ten_seconds_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def cpu(now: float) -> float:
        return AT_REST * now + (0.04 if now >= 1 else 0) + (0.06 if now >= 10.4 else 0)

    assert _later(monkeypatch, cpu, 1000) == pytest.approx(0.1 / 1000)


def test_work_is_counted_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def cpu(now: float) -> float:
        return AT_REST * now + 0.2 * min(now, 20.0)

    assert _later(monkeypatch, cpu, 1000) == pytest.approx(4.0 / 1000)


def test_a_server_without_later_work_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _later(monkeypatch, lambda now: AT_REST * now, 1000) == pytest.approx(0)


def test_all_work_of_a_server_that_never_rests_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _later(monkeypatch, lambda now: 0.2 * now, 1000) == pytest.approx(0.2 * load.IDLE_TIMEOUT / 1000)
