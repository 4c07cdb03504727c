"""The memory of closed spans is bounded; what is forgotten is shown to fewer users, not to more."""

from typing import Any

import pytest

from greenchat.chat.channel import Channel
from greenchat.chat.closures import Closure, Closures
from greenchat.chat.user import User


def size(closure: Closure) -> int:
    return sum(map(len, closure.inside.values()))


def test_users_who_come_and_go_take_bounded_memory() -> None:
    closure = Closure(1, 1)
    for number in range(1, 5000):
        closure.note("=ann", 2 * number, 2 * number + 1)
    assert size(closure) == 100
    assert closure.inside["=ann"][-1] == (9998, 9999)
    assert closure.inside["=ann"][0][0] > 9000, "the oldest are dropped"


def test_merged_closures_take_bounded_memory() -> None:
    merged = Closure(1, 1)
    for start in range(1, 300_000, 1000):
        later = Closure(start, 1)
        for guest in range(20):
            later.note(f"~{start}-{guest}", start, start + 1)
            later.note("=ann", start + guest, start + guest)
        merged.merge(later)
    assert len(merged.inside) == 1000
    assert size(merged) <= 1099
    assert "=ann" in merged.inside


def close_and_leave(closures: Closures, name: str, who: User, moment: int) -> None:
    """Close a channel and let its only member leave."""
    channel = Channel(name, created=0, life=moment, flags={"s"})
    closures.note_join(name, who, moment)
    closures.note_modes(name, channel, moment)
    closures.note_part(name, who, moment, moment + 1)
    closures.note_end(name, channel, moment + 1)


def person(identity: str) -> User:
    user = User(identity, "user", "host", "", "host", 0, 0, guest_id="~" + identity)
    if not identity.startswith("guest"):
        user.account, user.account_id = identity, "=" + identity
    return user


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.chat.protection.ended_channels._MOST", 20)
    monkeypatch.setattr("greenchat.chat.protection.ended_channels._SHARES", 4)


@pytest.mark.usefixtures("few")
def test_the_memory_of_all_ended_channels_is_bounded() -> None:
    """A stranger creates channel after channel. The history of what is forgotten must be cut, so that nobody sees more
    of it.
    """
    closures, guest = Closures(), person("guest")
    close_and_leave(closures, "#ann", person("ann"), 10)
    for number in range(100):
        close_and_leave(closures, f"#g{number}", guest, 100 + 10 * number)
    remembered = closures.channels()
    assert remembered == ["#ann", *[f"#g{number}" for number in range(100 - len(remembered) + 1, 100)]], (
        "guests keep their latest channels only"
    )
    assert sum(closure.size for each in closures._of.values() for closure in each) <= 20
    assert closures.take_lost() == [(f"#g{number}", 101 + 10 * number) for number in range(100 - len(remembered) + 1)]
    assert closures.take_lost() == []
    for number in range(100):
        close_and_leave(closures, f"#b{number}", person("bob"), 2000 + 10 * number)
    assert "#ann" in closures.channels(), "bob has more channels"
    assert len(closures.channels()) < 20
    for number in range(100):
        close_and_leave(closures, f"#c{number}", person(f"carol{number}"), 4000 + 10 * number)
    assert "#ann" not in closures.channels(), "the total is limited, too"
    assert len(closures.channels()) < 20


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("kind", ["guest", "account"])
def test_one_person_with_many_channels_does_not_push_out_those_of_others(kind: str) -> None:
    """Neither those of other guests, nor those of other accounts; visitors do not change a channel's owner."""
    closures, visitor = Closures(), person(f"{kind}-z")
    for number in range(3):
        owner, name, moment = person(f"{kind}-{number}"), f"#own{number}", 10 * number + 10
        channel = Channel(name, created=0, life=moment, flags={"s"})
        closures.note_modes(name, channel, moment)
        closures.note_part(name, visitor, moment + 1, moment + 2)
        closures.note_part(name, owner, moment, moment + 3)
        closures.note_end(name, channel, moment + 4)
    for number in range(100):
        close_and_leave(closures, f"#z{number}", visitor, 100 + 10 * number)
    remembered = closures.channels()
    assert remembered[:3] == ["#own0", "#own1", "#own2"]
    assert remembered[-1] == "#z99"
    assert {name[:2] for name, _ in closures.take_lost()} == {"#z"}


@pytest.mark.usefixtures("few")
def test_a_channel_with_members_is_not_forgotten() -> None:
    closures, guest = Closures(), person("guest")
    for number in range(6):
        close_and_leave(closures, f"#g{number}", guest, 100 + 10 * number)
    closures.note_join("#g0", guest, 500)
    for number in range(6, 100):
        close_and_leave(closures, f"#g{number}", guest, 1000 + 10 * number)
    assert "#g0" in closures.channels()


@pytest.mark.usefixtures("few")
def test_a_restored_state_forgets_the_same() -> None:
    closures, guest = Closures(), person("guest")
    for number in range(8):
        close_and_leave(closures, f"#g{number}", guest, 100 + 10 * number)
    closures.note_join("#g2", guest, 500)
    closures.note_end("#g2", Channel("#g2", created=0, life=1), 510)
    closures.prune("#g3", 1)
    other = Closures()
    other.load(closures.dump(), ())

    def lives(each: Closures) -> tuple[list[list[Any]], list[tuple[str, int]]]:
        for number in range(20, 26):
            close_and_leave(each, f"#g{number}", person("ann" if number % 2 else "guest"), 600 + 10 * number)
        return each.dump(), each.take_lost()

    assert lives(other) == lives(closures)
