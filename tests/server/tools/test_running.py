"""Controlling a running server from the shell, through its control socket, with real processes."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from greenchat.server.control.wire import LONGEST, path_in
from greenchat.server.tools.registry import tools
from tests.irc import Client, people
from tests.patience import PATIENCE
from tests.server.forked import run, started
from tests.server.process import Running

WORDS: dict[str, tuple[str, ...]] = {
    "status": (),
    "clients": (),
    "bans": (),
    "reload": (),
    "stop": (),
    "upgrade": (),
    "kick": ("nobody",),
    "ban": ("192.0.2.7",),
    "unban": ("192.0.2.7",),
    "announce": ("hello",),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as running:
        yield running


def shell(tmp_path: Path, *words: str) -> str:
    """Run a command that must succeed against the server."""
    ended = run(tmp_path, *words, "--data", str(tmp_path / "data"))
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_status(tmp_path: Path, server: Running) -> None:
    with people(server.target, "alice", "bob", channel="#tea"):
        output = shell(tmp_path, "status")
        assert "users             2 (2 connected, 0 operators" in output
        assert "#tea 2" in output
        document = json.loads(shell(tmp_path, "status", "--json"))
        assert document["pid"] == server.process.pid
        assert document["memory"] > 1 << 20
        assert document["store"] > 0
        assert 0 < document["longest_turn"] < 60
        assert shell(tmp_path, "status", "--quiet") == ""


def test_quiet_status_without_a_server(tmp_path: Path) -> None:
    for words, lines in (("status",), 1), (("status", "--quiet"), 0):
        ended = run(tmp_path, *words, "--data", str(tmp_path / "data"))
        assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (3, "", lines)


def test_clients(tmp_path: Path, server: Running) -> None:
    with Client(server.target, "alice"), Client(server.target, "bob"):
        rows = shell(tmp_path, "clients").splitlines()
        assert [row.split()[0] for row in rows] == ["NICK", "alice", "bob"]
        assert "127.0.0.1" in rows[1]


def test_kick(tmp_path: Path, server: Running) -> None:
    with people(server.target, "alice", "bob", channel="#tea") as (alice, bob):
        assert shell(tmp_path, "kick", "bob", "be", "kind") == "bob was disconnected (1 connection)\n"
        bob.until_end()
        assert "be kind" in alice.expect("QUIT").params[-1]


def test_bans_that_match_everybody_are_refused(tmp_path: Path, server: Running) -> None:
    with Client(server.target, "bob") as bob:
        for target, words in (("*!*@*", "matches everybody"), ("*", "matches everybody"), ("bob", "has no account")):
            ended = run(tmp_path, "ban", target, "--data", str(tmp_path / "data"))
            assert ended.returncode == 2, target
            assert words in ended.stderr, ended.stderr
        bob.sync()


NEEDING_DATA: dict[str, tuple[str, ...]] = {
    **WORDS,
    "erase-account": ("alice", "--yes"),
    "top": ("--once",),
    "cluster": ("drain", "oslo"),
    "backup": ("x",),
    "check": (),
    "compact": (),
    "export": (),
    "export-account": ("alice",),
    "usage": (),
}
ANYWHERE = ("adduser", "hash-password", "import", "replay", "restore")  # and the commands that print files


def test_no_folder_is_made_for_a_mistyped_name(tmp_path: Path) -> None:
    for words in (
        *((name, *more) for name, more in NEEDING_DATA.items()),
        ("cluster", "rebase"),
        ("cluster", "status"),
    ):
        ended = run(tmp_path, *words, "--data", str(tmp_path / "other"))
        assert ended.returncode in (2, 3), words
        assert ended.stderr.count("\n") == 1, words
        assert "can't write" not in ended.stderr, "the error is the missing directory"
        assert not (tmp_path / "other").exists(), words


def test_each_command_is_known_to_need_data_or_not() -> None:
    assert {name for name in tools() if not name.startswith("print-")} == NEEDING_DATA.keys() | set(ANYWHERE)


@pytest.mark.parametrize("answer", [b"", b'{"ok": ', b"nonsense\n", b"{}\n", b"[]\n"])
def test_answers_of_another_service_are_one_line(tmp_path: Path, answer: bytes) -> None:
    """A server that was killed while answering, or another service at the socket."""
    data = tmp_path / "data"
    data.mkdir()

    def serve() -> None:
        with listening.accept()[0] as asking:
            asking.recv(4096)
            asking.sendall(answer)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path_in(data)))
        listening.listen()
        serving = Thread(target=serve)
        serving.start()
        ended = run(tmp_path, "status", "--data", str(data))
        serving.join()
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1), ended.stderr


def test_bans(tmp_path: Path, server: Running) -> None:
    with Client(server.target, "bob") as bob:
        assert "1 connection ended" in shell(tmp_path, "ban", "--time", "1h", "bob!*@*", "spam")
        bob.until_end()
    assert shell(tmp_path, "bans").startswith("bob!*@*  for ")
    shell(tmp_path, "unban", "bob!*@*")
    assert shell(tmp_path, "bans") == "nobody is banned\n"
    with Client(server.target, "bob") as bob:
        bob.run("PING x")


def test_announce(tmp_path: Path, server: Running) -> None:
    with Client(server.target, "alice") as alice:
        assert shell(tmp_path, "announce", "tea", "at", "five") == "1 user has been told\n"
        assert alice.expect("NOTICE").params == ("alice", "tea at five")


def test_reload_and_stop(tmp_path: Path, server: Running) -> None:
    assert "is in effect" in shell(tmp_path, "reload")
    with Client(server.target, "alice") as alice:
        assert "is stopping" in shell(tmp_path, "stop", "back", "at", "noon")
        assert "back at noon" in alice.expect("ERROR").params[0]
    assert server.process.wait(PATIENCE) == 0
    assert not path_in(tmp_path / "data").exists()


@pytest.mark.parametrize("command", WORDS)
def test_without_a_server_each_command_is_one_line(tmp_path: Path, command: str) -> None:
    ended = run(tmp_path, command, *WORDS[command], "--data", str(tmp_path / "data"))
    assert ended.returncode == 3
    assert ended.stderr.startswith("greenchat-server: no server uses ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("kick", "carol"), "there is no user carol"),
        (("ban", "nobody"), "there is no account nobody"),
        (("unban", "bob!*@*"), "there is no ban on bob!*@*"),
        (("announce", "two\nlines"), "text must be one line"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, server: Running, words: tuple[str, ...], reason: str) -> None:
    ended = run(tmp_path, *words, "--data", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("kick", "two words"), "'two words' is not a name (one word)"),
        (("kick", ""), "'' is not a name"),
        (("ban", "not a target"), "'not a target' is not a name"),
        (("ban", "--time", "soon", "bob!*@*"), "soon is not a duration; write 90, 30m"),
    ],
)
def test_wrong_arguments_are_reported_without_a_server(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    ended = run(tmp_path, *words, "--data", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(("command", "missing"), [("kick", "NICK"), ("ban", "TARGET"), ("unban", "TARGET")])
def test_an_optional_reason_is_not_reported_as_missing(tmp_path: Path, command: str, missing: str) -> None:
    ended = run(tmp_path, command)
    assert ended.returncode == 2
    assert f"the following arguments are required: {missing}; " in ended.stderr


def test_only_the_servers_user_can_open_the_socket(tmp_path: Path, server: Running) -> None:
    assert stat.S_IMODE(path_in(tmp_path / "data").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"nonsense\n",
        b"[1]\n",
        b'{"command": 7}\n',
        b'{"command": "kick"}\n',
        b'{"command": "kick", "nick": ["x"]}\n',
        b"\xff\n",
        b"x" * (LONGEST + 1),
    ],
)
def test_invalid_requests(tmp_path: Path, server: Running, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(PATIENCE)
        asking.connect(str(path_in(tmp_path / "data")))
        asking.sendall(data)
        assert b'"error"' in asking.recv(4096)
    assert "users" in shell(tmp_path, "status")
    assert server.errors.read_text().count("Traceback") == 0


def test_a_killed_server_leaves_nothing_that_prevents_the_next(tmp_path: Path, server: Running) -> None:
    server.process.kill()
    server.process.wait()
    ended = run(tmp_path, "status", "--data", str(tmp_path / "data"))
    assert (ended.returncode, "no server uses" in ended.stderr) == (3, True)
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")):
        assert "users" in shell(tmp_path, "status")


def test_a_data_folder_with_a_long_path(tmp_path: Path) -> None:
    """unix(7): "sun_path[108]"; a path that is longer is no address of a socket, but there is another way to it."""
    data = tmp_path / ("long" * 20) / ("path" * 20) / "data"
    data.parent.mkdir(parents=True)
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data)) as running:
        assert len(str(path_in(data))) > 108
        ended = run(tmp_path, "status", "--json", "--data", str(data))
        assert (ended.returncode, ended.stderr) == (0, "")
        assert json.loads(ended.stdout)["pid"] == running.process.pid
        assert running.end() == 0
        assert not path_in(data).exists()
