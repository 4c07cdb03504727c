"""Who continues next: who has had little, whoever else there is and however many."""

from functools import partial

from greenchat.server.net.fair_queue import FairQueue, Share


def served(queue: FairQueue, named: dict[str, Share], *waiting: str) -> list[str]:
    """The order in which those are served who wait."""
    order: list[str] = []
    for name in waiting:
        queue.push(named[name], partial(order.append, name))
    while queue:
        queue.pop()[1]()
    return order


def test_among_equals_who_came_first_goes_first() -> None:
    shares = {name: Share() for name in "abc"}
    assert served(FairQueue(), shares, "b", "a", "c") == ["b", "a", "c"]


def test_who_has_had_little_goes_before_who_has_had_much() -> None:
    queue = FairQueue()
    shares = {name: Share() for name in ("busy", "quiet")}
    queue.charge(shares["busy"], 1.0)
    assert served(queue, shares, "busy", "quiet") == ["quiet", "busy"]


def test_nobody_saves_up_much_while_they_are_silent() -> None:
    """Who was silent for an hour goes first once, and then takes turns."""
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


def test_one_who_seldom_speaks_waits_for_none_of_a_thousand_who_always_do() -> None:
    queue = FairQueue()
    flooders = [Share() for _ in range(1000)]
    quiet = Share()
    for flooder in flooders:
        queue.push(flooder, bool)
    for number in range(5000):
        share, _ = queue.pop()
        queue.charge(share, 0.001)
        queue.push(share, bool)
        if number % 1000 == 500 and number > 1000:  # in the first round nobody has had anything yet
            queue.push(quiet, bool)
            assert queue.pop()[0] is quiet
            queue.charge(quiet, 0.0001)


def test_newcomers_come_after_those_who_are_in_but_not_never() -> None:
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
    assert 10 <= order.count(new) <= 30  # a quarter of what one who is in gets, and a moment later
