"""The windows that other people open: there is a bound, and nothing that was said is lost."""

from pathlib import Path

from greenchat.client.archive.archiver import Archiver
from greenchat.client.irc import windows
from greenchat.client.irc.strangers import MOST_WINDOWS
from greenchat.client.state.effects import KeepLines
from greenchat.client.state.kept_networks import KeptNetwork
from greenchat.client.state.model import BufferKind
from tests.client.world import NOON, World


def _write(world: World, *numbers: int) -> None:
    for number in numbers:
        world.now += 1
        world.feed(f":spam{number}!s@h PRIVMSG alice :buy {number}")


def _private(world: World) -> list[str]:
    return [buffer.name for buffer in world.model.buffers if buffer.kind is BufferKind.PRIVATE]


def test_strangers_windows_are_bounded_and_what_they_said_is_in_the_servers(tea: World) -> None:
    _write(tea, 0, *range(1, MOST_WINDOWS), 0, *range(100, 400))
    assert sorted(_private(tea)) == [f"spam{number}" for number in range(400 - MOST_WINDOWS, 400)]
    shown = tea.shown("")
    everything = ["spam0: buy 0"] * 2 + [f"spam{number}: buy {number}" for number in range(1, 20)]
    assert [line for line in shown if line.startswith("spam")][: len(everything)] == [
        *everything[2:],
        *everything[:2],
    ], "first those where nothing was said for longest"
    assert sum("/query NICK opens one's" in line for line in shown) == 1
    assert tea.network.status.unread.highlights == 1


def test_who_the_user_knows_keeps_their_window(tea: World) -> None:
    """Who was looked at, written to, or is on the notify list."""
    tea.type("/notify friend\n")
    tea.feed(":friend!f@h PRIVMSG alice :hi", ":looked!l@h PRIVMSG alice :hi", ":wrote!w@h PRIVMSG alice :hi")
    tea.type("/query looked\n/window #tea\n/msg wrote hello\n")
    tea.type("/query asked hello?\n/window #tea\n")
    tea.feed(":asked!a@h PRIVMSG alice :hello")
    _write(tea, *range(100))
    assert set(_private(tea)) - {f"spam{number}" for number in range(100)} == {"friend", "looked", "wrote", "asked"}
    assert len(_private(tea)) == MOST_WINDOWS + 4


def test_nothing_is_lost_for_the_archive(tmp_path: Path) -> None:
    """Also not what was said right before a window is closed."""
    world = World()
    archiver = Archiver(world.model, tmp_path / "talk.sqlite3")
    world.welcome()
    world.join()
    _write(world, *range(MOST_WINDOWS + 1))
    closed = [effect.buffer for effect in world.model.effects if isinstance(effect, KeepLines)]
    assert [buffer.name for buffer in closed] == ["spam0"]
    archiver.keep(closed[0])
    archiver.turn(0.0, NOON)
    world.type("/query spam0\n")
    archiver.turn(1.0, NOON)
    assert world.shown("spam0") == ["spam0: buy 0"]


def test_they_are_strangers_after_a_start_too(tea: World) -> None:
    """Else each start would let as many come again."""
    tea.network.kept = KeptNetwork("net")
    _write(tea, *range(MOST_WINDOWS))
    again = World()
    again.model.former_windows = windows.written(tea.model)
    windows.restore(again.model, again.model.former_windows)
    again.welcome()
    _write(again, *range(100, 100 + MOST_WINDOWS))
    assert len(_private(again)) == MOST_WINDOWS
