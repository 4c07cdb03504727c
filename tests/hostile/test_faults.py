"""Faults around the server: signals, the disk, descriptors, the clock. Its process is a real one.

`kill -9` and the full disk are in tests/features/test_crash.py, a failing store in
tests/server/data/test_store_keeper_promises.py.
"""

import os
import re
import resource
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.conftest import StartServer, quick_options
from tests.hostile.world import SETTINGS
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.forked import started
from tests.server.process import run

_CAPS = "batch server-time message-tags echo-message draft/chathistory"
_ROOM = 8 * 1024 * 1024  # bytes until the memory is full


def test_sigterm_under_load(tmp_path: Path) -> None:
    """SIGTERM while twenty clients talk: each message that anybody received, everybody received, and then the ERROR."""
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as server, ExitStack() as stack:
        people = [stack.enter_context(Client(server.target, f"talker{n}", caps=_CAPS)) for n in range(20)]
        for client in people:
            client.join("#talk")
        for client in people:
            client.sync()
        texts: list[list[str]] = [[] for _ in people]
        ends: list[str] = [""] * len(people)

        def listen(number: int) -> None:
            with suppress(EOFError, ConnectionResetError):
                while True:
                    message = people[number].read()
                    if message.command == "PRIVMSG":
                        texts[number].append(message.tags["msgid"])
                    elif message.command == "ERROR":
                        ends[number] = message.params[0]

        def talk(client: Client) -> None:
            with suppress(OSError):
                while True:
                    client.send("PRIVMSG #talk :hello")

        threads = [threading.Thread(target=listen, args=(number,)) for number in range(len(people))]
        threads += [threading.Thread(target=talk, args=(client,), daemon=True) for client in people[:5]]
        for thread in threads:
            thread.start()
        while len(texts[-1]) < 50:
            assert threads[0].is_alive()
            time.sleep(0.01)
        assert server.end(signal.SIGTERM) == 0
        for thread in threads[: len(people)]:
            thread.join(PATIENCE)
        assert set(ends) == {"The server is shutting down"}
        assert len({tuple(each) for each in texts}) == 1
    with (
        started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as server,
        Client(server.target, "later", caps=_CAPS) as later,
    ):
        later.join("#talk")
        messages = later.run("CHATHISTORY LATEST #talk * 500")
        stored = [message.tags["msgid"] for message in messages if message.command == "PRIVMSG"]
        assert stored == texts[0][-500:]


@pytest.mark.parametrize("damage", [b"this is no database" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_corrupted_database_is_reported_in_one_line(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "greenchat.db").write_bytes(damage)
    (tmp_path / "data" / "greenchat.db").chmod(0o600)  # a wider mode would cause a warning first
    ended = run(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert "greenchat.db" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_owner_only_can_read_stored_files(tmp_path: Path) -> None:
    """Also in an existing folder that is open to all."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data)) as server, Client(server.target, "alice"):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()}
        assert sqlite3.connect(data / "greenchat.db").execute("SELECT 1").fetchone() == (1,)
    assert "greenchat.db" in modes
    assert not {name for name, mode in modes.items() if mode & 0o077}, modes


def test_the_owner_only_can_read_a_new_data_folder(tmp_path: Path) -> None:
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "new")):
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


# Ways to run something on a read-only disk, and as a user who may not write everywhere, as root may.
_ON_A_READ_ONLY_DISK = (
    "unshare",
    "-r",
    "-m",
    "sh",
    "-c",
    'd="$1"; shift; mount --bind -o ro "$d" "$d" && exec "$@"',
    "sh",
)
_AS_AN_ORDINARY_USER = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


def _require(*command: str) -> None:
    """Skip where this machine does not allow it."""
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"{command[0]} can't be used here: {error}")


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("option", [(), ("--tls",)])
def test_a_read_only_disk(tmp_path: Path, there: bool, option: tuple[str, ...]) -> None:
    disk = tmp_path / "disk"
    data = disk / "data"
    disk.mkdir()
    _require(*_ON_A_READ_ONLY_DISK, str(disk), "true")
    if there:
        with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data)) as server:
            assert server.end() == 0
    ended = run(
        tmp_path, "--listen", "127.0.0.1:0", "--data", str(data), *option, before=(*_ON_A_READ_ONLY_DISK, str(disk))
    )
    assert ended.returncode == 2
    assert re.fullmatch(r"greenchat-server: can't (create|write to) the data folder .*--data\n", ended.stderr)


@pytest.mark.parametrize("name", ["", "greenchat.db", "greenchat.lock"])
def test_a_folder_without_permission_to_write(tmp_path: Path, name: str) -> None:
    """The folder is reported at the start, not to each user who then can't send messages."""
    data = tmp_path / "data"
    before = _AS_AN_ORDINARY_USER if os.geteuid() == 0 else ()
    _require(*before, "true")
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data)) as server:
        assert server.end() == 0
    (data / name).chmod(0o400 if name else 0o500)
    ended = run(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data), before=before)
    (data / name).chmod(0o700)
    assert ended.returncode == 2
    assert re.fullmatch(r"greenchat-server: can't write to the data.*\n", ended.stderr)


def test_out_of_descriptors(tmp_path: Path) -> None:
    """The first client without a descriptor reads the reason; once one is free the next client is accepted."""
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")) as server:
        pid = server.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (70, hard))
        with ExitStack() as stack:
            inside = [stack.enter_context(Client(server.target, f"in{number}")) for number in range(20)]
            for _ in range(5):
                with Client(server.target) as refused:
                    assert refused.until_end()[-1].params == ("This server is full (20 connections)",)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (20, hard))  # now not even accepting works
            waiting = stack.enter_context(Client(server.target))
            assert inside[0].run("WHOIS in1")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (100, hard))
            waiting.register("patient")


def test_out_of_memory(tmp_path: Path) -> None:
    """The slowest readers are cut, and then clients that can't be served: nobody has seen what the history does not
    have, and they can reconnect.
    """
    config = tmp_path / "server.toml"
    config.write_text(f"[throttle]\ncommands = 0\n[connections]\nsendq = {1 << 26}\n")
    arguments = ("--config", str(config), "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    texts: list[str] = []
    with started(tmp_path, *arguments) as server, ExitStack() as stack:
        pid = server.process.pid
        talker = stack.enter_context(Client(server.target, "talker", caps=_CAPS))
        talker.join("#talk")
        filler = stack.enter_context(Client(server.target, "filler", caps="message-tags"))
        stuck = [stack.enter_context(Client(server.target, f"stuck{n}", caps="message-tags")) for n in range(2)]
        for client in stuck:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        size = int(Path(f"/proc/{pid}/status").read_text().partition("VmSize:")[2].split()[0]) * 1024
        _, hard = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (size + _ROOM, hard))
        with suppress(EOFError, OSError):
            while "out of memory" not in server.errors.read_text():
                filler.run(*[f"@+filler={'x' * 4000} PRIVMSG stuck0,stuck1 :hello"] * 100)
                messages = talker.run("PRIVMSG #talk :hello")
                texts += [each.tags["msgid"] for each in messages if each.params[0] == "#talk" and "msgid" in each.tags]
                assert len(texts) < 500
        while "out of memory" not in server.errors.read_text():
            assert server.process.poll() is None
            time.sleep(0.01)
        resource.prlimit(pid, resource.RLIMIT_AS, (hard, hard))
        with Client(server.target, "later", caps=_CAPS) as later:
            later.join("#talk")
            messages = later.run("CHATHISTORY LATEST #talk * 500")
            stored = [each.tags["msgid"] for each in messages if each.command == "PRIVMSG"]
            assert set(texts[-500:]) <= set(stored)
            assert [each for each in stored if each in texts] == texts[-500:]
            later.send("PRIVMSG #talk :we go on")
            assert later.expect("PRIVMSG").params[1] == "we go on"
        assert server.end() == 0


def test_the_clock_jumps(start_server: StartServer, tmp_path: Path) -> None:
    """Back and forward by an hour and a year: the history keeps the order in which messages were sent."""
    server = start_server(SETTINGS, quick_options(tmp_path))
    real = server.app.now
    jump = [0]
    server.app.now = lambda: real() + jump[0]  # type: ignore[method-assign]  # the clock of this one server
    hour, year = 3_600_000, 365 * 86_400_000
    with Client(server.address, "alice", caps=_CAPS) as alice, Client(server.address, "bob", caps=_CAPS) as bob:
        for client in alice, bob:
            client.join("#talk")
        alice.sync()
        for number, by in enumerate((0, hour, -hour, year, -year, 0)):
            jump[0] = by
            alice.send(f"PRIVMSG #talk :{number}")
            assert bob.expect("PRIVMSG").params[1] == str(number)
        texts = [each.params[1] for each in bob.run("CHATHISTORY LATEST #talk * 50") if each.command == "PRIVMSG"]
        assert texts == list("012345")
