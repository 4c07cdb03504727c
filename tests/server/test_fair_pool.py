"""A pool of threads in which each account occupies at most one: slow requests of some accounts don't delay others."""

import threading

import gevent
import pytest

from greenchat.server import fair_pool
from greenchat.server.fair_pool import FairPool
from tests.patience import PATIENCE


def test_a_hanging_account_does_not_delay_others() -> None:
    pool, let_go, began = FairPool(2), threading.Event(), []

    def hang(number: int) -> int:
        began.append(number)
        let_go.wait(PATIENCE)
        return number

    hanging = [gevent.spawn(pool.do, "eve", hang, number) for number in range(10)]
    with gevent.Timeout(PATIENCE):
        while not began:
            gevent.sleep(0.001)
        assert pool.do("alice", str.upper, "hello") == "HELLO"
        assert began == [0], "one request per account at a time"
        let_go.set()
        assert [each.get() for each in hanging] == list(range(10))
        pool.close()


def test_many_hanging_accounts_do_not_delay_quick_ones() -> None:
    let_go, began, now = threading.Event(), [], [1000.0]
    pool = FairPool(4, doubtful=2, clock=lambda: now[0])

    def hang(name: str) -> str:
        began.append(name)
        let_go.wait(PATIENCE)
        return name

    with gevent.Timeout(PATIENCE):
        assert pool.do("alice", str.upper, "hello") == "HELLO"
        strangers = [gevent.spawn(pool.do, f"eve{number}", hang, f"eve{number}") for number in range(10)]
        while len(began) < 2:
            gevent.sleep(0.001)
        assert pool.do("alice", str.upper, "again") == "AGAIN"
        assert len(began) == 2, "new accounts get two threads together"
        now[0] += 10  # their requests take long
        let_go.set()
        gevent.joinall(strangers)
        let_go.clear()
        began.clear()
        strangers = [gevent.spawn(pool.do, "eve0", hang, "eve0"), gevent.spawn(pool.do, "eve1", hang, "eve1")]
        while not began:
            gevent.sleep(0.001)
        assert pool.do("bob", str.upper, "new") == "NEW"
        assert len(began) == 1, "slow accounts get one thread together"
        now[0] += 700
        strangers.append(gevent.spawn(pool.do, "eve2", hang, "eve2"))
        while len(began) < 2:
            gevent.sleep(0.001)
        assert "eve2" in began, "the limit ends after a while"
        let_go.set()
        gevent.joinall(strangers)
        pool.close()


def test_quick_accounts_that_begin_to_hang_do_not_delay_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One answered request makes an account a quick one."""
    monkeypatch.setattr(fair_pool, "_LONG", 0.02)
    let_go, began = threading.Event(), []
    pool = FairPool(2, doubtful=2, clock=lambda: 0.0)

    def hang(name: str) -> str:
        began.append(name)
        let_go.wait(PATIENCE)
        return name

    with gevent.Timeout(PATIENCE):
        names = [f"eve{number}" for number in range(20)]
        for name in "alice", *names:
            assert pool.do(name, str.upper, "hello") == "HELLO"
        hanging = [gevent.spawn(pool.do, name, hang, name) for name in names[:4]]
        while len(began) < 2:
            gevent.sleep(0.001)
        assert pool.do("alice", str.upper, "again") == "AGAIN"
        hanging += [gevent.spawn(pool.do, name, hang, name) for name in names[4:]]
        while len(began) < 8:
            gevent.sleep(0.001)
        assert pool._pool.maxsize == 8
        let_go.set()
        assert [each.get() for each in hanging] == names
        assert pool.do("alice", str.upper, "still") == "STILL"
        assert pool._quick.counter == 2, "all threads are free again"
        pool.close()
