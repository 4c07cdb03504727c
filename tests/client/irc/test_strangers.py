"""Windows opened by other users: their number is limited, and no message is lost."""

from pathlib import Path

from greenchat.client.archive.archiver import Archiver
from greenchat.client.irc import windows
from greenchat.client.irc.strangers import MOST_WINDOWS
from greenchat.client.state.effects import KeepLines
from greenchat.client.state.model import BufferKind
from greenchat.client.state.saved_networks import SavedNetwork
from tests.client.world import NOON, World


def _write(world: World, *numbers: int) -> None:
    for number in numbers:
        world.now += 1
        world.feed(f":spam{number}!s@h PRIVMSG alice :buy {number}")


def _private(world: World) -> list[str]:
    return [buffer.name for buffer in world.model.buffers if buffer.kind is BufferKind.PRIVATE]


def test_windows_of_strangers_are_limited_and_their_messages_go_to_the_server_window(tea: World) -> None:
    _write(tea, 0, *range(1, MOST_WINDOWS), 0, *range(100, 400))
    assert sorted(_private(tea)) == [f"spam{number}" for number in range(400 - MOST_WINDOWS, 400)]
    shown = tea.shown("")
    everything = ["spam0: buy 0"] * 2 + [f"spam{number}: buy {number}" for number in range(1, 20)]
    assert [line for line in shown if line.startswith("spam")][: len(everything)] == [
        *everything[2:],
        *everything[:2],
    ], "the windows without messages for longest come first"
    assert sum("/query NICK opens a window" in line for line in shown) == 1
    assert tea.network.status.unread.highlights == 1


def test_windows_of_known_users_are_kept(tea: World) -> None:
    """Users whose window was shown, who were written to, or who are on the notify list."""
    tea.type("/notify friend\n")
    tea.feed(":friend!f@h PRIVMSG alice :hi", ":looked!l@h PRIVMSG alice :hi", ":wrote!w@h PRIVMSG alice :hi")
    tea.type("/query looked\n/window #tea\n/msg wrote hello\n")
    tea.type("/query asked hello?\n/window #tea\n")
    tea.feed(":asked!a@h PRIVMSG alice :hello")
    _write(tea, *range(100))
    assert set(_private(tea)) - {f"spam{number}" for number in range(100)} == {"friend", "looked", "wrote", "asked"}
    assert len(_private(tea)) == MOST_WINDOWS + 4


def test_the_archive_has_all_messages(tmp_path: Path) -> None:
    """Also those that arrived right before their window is closed."""
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


def test_after_a_restart_they_are_still_strangers(tea: World) -> None:
    """Otherwise each start would allow as many again."""
    tea.network.saved = SavedNetwork("net")
    _write(tea, *range(MOST_WINDOWS))
    again = World()
    again.model.former_windows = windows.to_json(tea.model)
    windows.restore(again.model, again.model.former_windows)
    again.welcome()
    _write(again, *range(100, 100 + MOST_WINDOWS))
    assert len(_private(again)) == MOST_WINDOWS
