"""Threads of which each account occupies one: whose addresses hang holds up nobody else, nor do many together."""

import threading

import gevent
import pytest

from greenchat.server import fair_pool
from greenchat.server.fair_pool import FairPool
from tests.patience import PATIENCE


def test_who_hangs_holds_up_nobody_else() -> None:
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
        assert began == [0], "one at a time, and the first is not through"
        let_go.set()
        assert [each.get() for each in hanging] == list(range(10))
        pool.close()


def test_many_who_hang_hold_up_nobody_who_is_quick() -> None:
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
        assert len(began) == 2, "of whom nothing is known get two threads"
        now[0] += 10  # it takes them long
        let_go.set()
        gevent.joinall(strangers)
        let_go.clear()
        began.clear()
        strangers = [gevent.spawn(pool.do, "eve0", hang, "eve0"), gevent.spawn(pool.do, "eve1", hang, "eve1")]
        while not began:
            gevent.sleep(0.001)
        assert pool.do("bob", str.upper, "new") == "NEW"
        assert len(began) == 1, "whose work took long get one"
        now[0] += 700
        strangers.append(gevent.spawn(pool.do, "eve2", hang, "eve2"))
        while len(began) < 2:
            gevent.sleep(0.001)
        assert "eve2" in began, "that is over after a while"
        let_go.set()
        gevent.joinall(strangers)
        pool.close()


def test_many_who_were_quick_and_begin_to_hang_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request that is answered makes an account one whose work is quick."""
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
        assert pool._quick.counter == 2, "all places are free again"
        pool.close()
