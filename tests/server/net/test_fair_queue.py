"""The order of service: the client that has used the least time comes next, however many others wait."""

from functools import partial

from greenchat.server.net.fair_queue import FairQueue, Share


def served(queue: FairQueue, named: dict[str, Share], *waiting: str) -> list[str]:
    """Return the order in which waiting clients are served."""
    order: list[str] = []
    for name in waiting:
        queue.push(named[name], partial(order.append, name))
    while queue:
        queue.pop()[1]()
    return order


def test_equal_clients_are_served_in_order_of_arrival() -> None:
    shares = {name: Share() for name in "abc"}
    assert served(FairQueue(), shares, "b", "a", "c") == ["b", "a", "c"]


def test_a_client_that_has_had_little_is_served_before_one_that_has_had_much() -> None:
    queue = FairQueue()
    shares = {name: Share() for name in ("busy", "quiet")}
    queue.charge(shares["busy"], 1.0)
    assert served(queue, shares, "busy", "quiet") == ["quiet", "busy"]


def test_a_silent_client_saves_up_little() -> None:
    """A client that was silent for an hour is served first once, and then in turn."""
    queue = FairQueue()
    busy, silent = Share(), Share()
    for _ in range(3600):
        queue.push(busy, bool)
        queue.pop()
        queue.charge(busy, 1.0)
    order = []
    for share in (busy, silent):
        queue.push(share, bool)
    for _ in range(10):
        share, _ = queue.pop()
        order.append(share)
        queue.charge(share, 1.0)
        queue.push(share, bool)
    assert order[0] is silent
    assert order.count(silent) in (5, 6)


def test_a_quiet_client_does_not_wait_for_a_thousand_busy_ones() -> None:
    queue = FairQueue()
    flooders = [Share() for _ in range(1000)]
    quiet = Share()
    for flooder in flooders:
        queue.push(flooder, bool)
    for number in range(5000):
        share, _ = queue.pop()
        queue.charge(share, 0.001)
        queue.push(share, bool)
        if number % 1000 == 500 and number > 1000:  # in the first round every client has had nothing
            queue.push(quiet, bool)
            assert queue.pop()[0] is quiet
            queue.charge(quiet, 0.0001)


def test_newcomers_are_served_after_registered_clients_but_not_starved() -> None:
    queue = FairQueue()
    old, new = Share(), Share(is_newcomer=True)
    queue.push(new, bool)
    queue.push(old, bool)
    order = []
    for _ in range(100):
        share, _ = queue.pop()
        order.append(share)
        queue.charge(share, 0.001)
        queue.push(share, bool)
    assert order[0] is old
    assert 10 <= order.count(new) <= 30  # a quarter of the share of a registered client, and a moment later
