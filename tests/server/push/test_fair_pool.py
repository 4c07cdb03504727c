"""Threads of which each account occupies one: whose addresses hang holds up nobody else."""

import threading

import gevent

from greenchat.server.push.fair_pool import FairPool


def test_who_hangs_holds_up_nobody_else() -> None:
    pool, let_go, began = FairPool(2), threading.Event(), []

    def hang(number: int) -> int:
        began.append(number)
        let_go.wait(20)
        return number

    hanging = [gevent.spawn(pool.do, "eve", hang, number) for number in range(10)]
    with gevent.Timeout(20):
        while not began:
            gevent.sleep(0.001)
        assert pool.do("alice", str.upper, "hello") == "HELLO"
        assert began == [0], "one at a time, and the first is not through"
        let_go.set()
        assert [each.get() for each in hanging] == list(range(10))
        pool.close()
