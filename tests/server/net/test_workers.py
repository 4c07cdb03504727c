"""The order of slow work."""

import threading

import gevent
import pytest

from greenchat.server.net.workers import Rank, Workers
from tests.patience import PATIENCE


class Crowd:
    """Jobs that are queued while the only thread is busy, and the order in which they ran."""

    def __init__(self) -> None:
        self.workers = Workers(1)
        self.free = threading.Event()
        self.order: list[str] = []
        self.greenlets = [gevent.spawn(self.workers.apply, lambda: self.free.wait(PATIENCE), Rank.GUEST, "first")]
        gevent.sleep(0)

    def want(self, name: str, rank: Rank, address: str) -> gevent.Greenlet:
        """Queue a job."""
        self.greenlets.append(gevent.spawn(self.workers.apply, lambda: self.order.append(name), rank, address))
        gevent.sleep(0)
        return self.greenlets[-1]

    def end(self) -> list[str]:
        """Finish all jobs; return their order."""
        self.free.set()
        gevent.joinall(self.greenlets, timeout=PATIENCE)
        self.workers.kill()
        return self.order


def test_registered_users_go_before_strangers() -> None:
    crowd = Crowd()
    for number, rank in enumerate((Rank.STRANGER, Rank.GUEST, Rank.ACCOUNT, Rank.STRANGER, Rank.ACCOUNT)):
        crowd.want(f"{rank.name} {number}", rank, "192.0.2.1")
    assert crowd.end() == ["ACCOUNT 2", "ACCOUNT 4", "GUEST 1", "STRANGER 0", "STRANGER 3"]


def test_addresses_take_turns() -> None:
    crowd = Crowd()
    for number in range(4):
        crowd.want(f"a{number}", Rank.GUEST, "192.0.2.1")
    crowd.want("b", Rank.GUEST, "192.0.2.2")
    crowd.want("c", Rank.GUEST, "192.0.2.3")
    assert crowd.end() == ["a0", "b", "c", "a1", "a2", "a3"]


def test_no_job_waits_for_ever() -> None:
    crowd = Crowd()
    crowd.want("stranger", Rank.STRANGER, "192.0.2.1")
    for number in range(20):
        crowd.want(f"{number}", Rank.ACCOUNT, "192.0.2.2")
    assert crowd.end().index("stranger") < 10


def test_a_cancelled_job_frees_its_place() -> None:
    crowd = Crowd()
    gone = crowd.want("gone", Rank.GUEST, "192.0.2.1")
    crowd.want("next", Rank.GUEST, "192.0.2.1")
    gone.kill()
    assert crowd.end() == ["next"]


def test_an_exception_is_raised_to_the_caller_and_frees_the_place() -> None:
    workers = Workers(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            workers.apply(lambda: 1 // 0, Rank.GUEST, "a")
    assert workers.apply(lambda: 7, Rank.GUEST, "a") == 7
    workers.kill()
