"""What is remembered of who was in a closed channel is bounded; what is forgotten is shown to fewer, not to more."""

from typing import Any

import pytest

from greenchat.chat.channel import Channel
from greenchat.chat.closures import Closure, Closures
from greenchat.chat.user import User


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


def close_and_leave(closures: Closures, name: str, who: User, moment: int) -> None:
    """Have a channel closed and then left by the only one who was in it."""
    channel = Channel(name, created=0, life=moment, flags={"s"})
    closures.came(name, who, moment)
    closures.follow(name, channel, moment)
    closures.went(name, who, moment, moment + 1)
    closures.ended(name, channel, moment + 1)


def person(identity: str) -> User:
    user = User(identity, "user", "host", "", "host", 0, 0, guest_id="~" + identity)
    if not identity.startswith("guest"):
        user.account, user.account_id = identity, "=" + identity
    return user


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.chat.protection.ended_channels._MOST", 20)


@pytest.mark.usefixtures("few")
def test_what_is_kept_of_channels_that_have_ended_is_bounded_in_all() -> None:
    """A stranger creates channel after channel. What is forgotten is to be cut, so that nobody sees more by it."""
    closures, guest = Closures(), person("guest")
    close_and_leave(closures, "#ann", person("ann"), 10)
    for number in range(100):
        close_and_leave(closures, f"#g{number}", guest, 100 + 10 * number)
    kept = closures.channels()
    assert kept == ["#ann", *[f"#g{number}" for number in range(100 - len(kept) + 1, 100)]], "the last of guests"
    assert sum(closure.size for each in closures._of.values() for closure in each) <= 20
    assert closures.take_lost() == [(f"#g{number}", 101 + 10 * number) for number in range(100 - len(kept) + 1)]
    assert closures.take_lost() == []
    for number in range(100):
        close_and_leave(closures, f"#b{number}", person("bob"), 2000 + 10 * number)
    assert "#ann" not in closures.channels(), "no account may keep more without end"
    assert len(closures.channels()) < 20


@pytest.mark.usefixtures("few")
def test_a_channel_that_somebody_is_in_is_not_forgotten() -> None:
    closures, guest = Closures(), person("guest")
    for number in range(6):
        close_and_leave(closures, f"#g{number}", guest, 100 + 10 * number)
    closures.came("#g0", guest, 500)
    for number in range(6, 100):
        close_and_leave(closures, f"#g{number}", guest, 1000 + 10 * number)
    assert "#g0" in closures.channels()


@pytest.mark.usefixtures("few")
def test_who_takes_over_the_state_forgets_the_same() -> None:
    closures, guest = Closures(), person("guest")
    for number in range(8):
        close_and_leave(closures, f"#g{number}", guest, 100 + 10 * number)
    closures.came("#g2", guest, 500)
    closures.ended("#g2", Channel("#g2", created=0, life=1), 510)
    closures.prune("#g3", 1)
    other = Closures()
    other.load(closures.dump(), ())

    def lives(each: Closures) -> tuple[list[list[Any]], list[tuple[str, int]]]:
        for number in range(20, 26):
            close_and_leave(each, f"#g{number}", person("ann" if number % 2 else "guest"), 600 + 10 * number)
        return each.dump(), each.take_lost()

    assert lives(other) == lives(closures)
