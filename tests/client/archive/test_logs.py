"""Plain-text logs: each new message is written once, into one file a day, and none outside the folder."""

from pathlib import Path

import pytest

from greenchat.client.archive.logs import Logs, _safe
from tests.client.world import World

DAY = 86_400_000


@pytest.fixture
def logs(tea: World, tmp_path: Path) -> Logs:
    tea.model.settings.set("log.files", "on")
    logs = Logs(tea.model, tmp_path / "logs")
    logs.turn(tea.now)
    tea.feed(":dave!d@h JOIN #tea")
    return logs


def files(tmp_path: Path) -> dict[str, list[str]]:
    root = tmp_path / "logs"
    return {str(path.relative_to(root)): path.read_text().splitlines() for path in sorted(root.rglob("*.log"))}


def test_lines_are_written_once_by_day(tea: World, logs: Logs, tmp_path: Path) -> None:
    logs.turn(tea.now)
    tea.feed(":bob!b@h PRIVMSG #tea :one", ":bob!b@h PRIVMSG alice :psst")
    logs.turn(tea.now)
    logs.turn(tea.now)
    tea.now += DAY
    tea.feed(":bob!b@h PRIVMSG #tea :\x01ACTION two\x01", ":srv 401 alice nobody :No such nick")
    logs.turn(tea.now)
    assert files(tmp_path) == {
        "net/#tea/2026-09-21.log": ["2026-09-21 14:13:20 -!- dave joined", "2026-09-21 14:13:20 <bob> one"],
        "net/#tea/2026-09-22.log": ["2026-09-22 14:13:20 * bob two"],
        "net/bob/2026-09-21.log": ["2026-09-21 14:13:20 <bob> psst"],
    }
    assert (tmp_path / "logs/net/#tea/2026-09-21.log").stat().st_mode & 0o777 == 0o600


def test_history_is_not_logged(tea: World, logs: Logs, tmp_path: Path) -> None:
    logs.turn(tea.now)
    tea.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;time=2026-09-20T12:00:00.000Z;msgid=1 :bob!b@h PRIVMSG #tea :yesterday",
        ":srv BATCH -h",
        ":bob!b@h PRIVMSG #tea :now",
    )
    logs.turn(tea.now)
    assert [line for lines in files(tmp_path).values() for line in lines if "bob" in line] == [
        "2026-09-21 14:13:20 <bob> now"
    ]


def test_new_messages_are_logged_whatever_the_clocks_say(tea: World, logs: Logs, tmp_path: Path) -> None:
    """The server's clock may be behind ours, and ours may be set back."""
    tea.feed(
        "@time=2026-09-21T13:58:00.000Z :srv PONG srv :x", "@time=2026-09-21T13:58:01.000Z :bob!b@h PRIVMSG #tea :one"
    )
    tea.now -= 7_200_000
    tea.feed(":bob!b@h PRIVMSG #tea :two")
    logs.turn(tea.now)
    assert files(tmp_path)["net/#tea/2026-09-21.log"][1:] == [
        "2026-09-21 13:58:01 <bob> one",
        "2026-09-21 12:13:20 <bob> two",
    ]


def test_actions_against_the_user_are_logged(tea: World, logs: Logs, tmp_path: Path) -> None:
    tea.feed(":srv 482 alice #tea :You're not an operator", ":bob!b@h KICK #tea alice :enough")
    logs.turn(tea.now)
    (lines,) = files(tmp_path).values()
    assert lines[1:] == ["2026-09-21 14:13:20 -!- bob kicked you (enough). /join #tea to come back."]


def test_logging_is_off_by_default(tea: World, tmp_path: Path) -> None:
    logs = Logs(tea.model, tmp_path / "logs")
    tea.feed(":bob!b@h PRIVMSG #tea :one")
    logs.turn(tea.now)
    assert not (tmp_path / "logs").exists()


def test_folder_and_file_name_are_settings(tea: World, logs: Logs, tmp_path: Path) -> None:
    tea.type(f"/set log.folder {tmp_path}/logs/mine\n/set log.file all of %Y.log\n")
    logs.turn(tea.now)
    assert list(files(tmp_path)) == ["mine/net/#tea/all of 2026.log"]
    tea.type("/set log.file ../x\n")
    assert tea.shown()[-1].startswith("! log.file: one name without slashes")


@pytest.mark.parametrize("name", ["..", ".", "", "../../etc", "a/b", "\x1b[2J", "x" * 500])
def test_names_cannot_lead_out_of_the_folder(name: str) -> None:
    part = _safe(name)
    assert "/" not in part
    assert part not in ("", ".", "..")
    assert len(part) <= 100
    assert part.isprintable()


def test_a_failure_to_write_is_reported_once(tea: World, logs: Logs, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    for _ in range(2):
        tea.feed(":bob!b@h PRIVMSG #tea :one")
        logs.turn(tea.now)
    assert sum("The log can't be written" in line for line in tea.shown()) == 1
