"""What is remembered of who was in a closed channel is bounded; what is forgotten is shown to fewer, not to more."""

from greenchat.chat.closures import Closure


def size(closure: Closure) -> int:
    return sum(map(len, closure.inside.values()))


def test_whoever_comes_and_goes_takes_bounded_memory() -> None:
    closure = Closure(1, 1)
    for number in range(1, 5000):
        closure.note("=ann", 2 * number, 2 * number + 1)
    assert size(closure) == 100
    assert closure.inside["=ann"][-1] == (9998, 9999)
    assert closure.inside["=ann"][0][0] > 9000, "the oldest have gone"


def test_merged_closures_take_bounded_memory() -> None:
    merged = Closure(1, 1)
    for start in range(1, 300_000, 1000):
        later = Closure(start, 1)
        for guest in range(20):
            later.note(f"~{start}-{guest}", start, start + 1)
            later.note("=ann", start + guest, start + guest)
        merged.take_in(later)
    assert len(merged.inside) == 1000
    assert size(merged) <= 1099
    assert "=ann" in merged.inside
