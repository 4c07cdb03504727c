"""A process started by `forked` behaves like one started by `process`, seen from outside and by its answers."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from greenchat.server.control.client import ask
from tests.features.forked_client import ForkedClient
from tests.features.terminal import Terminal
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server import forked, process

_FACTS = ("SigBlk", "SigIgn", "SigCgt", "Threads", "Umask")


def facts(pid: int) -> dict[str, object]:
    """Return what the system knows of a process: signals, threads, mask, limits, folder and open files.

    The database is left out: the number of threads that have opened it varies. So are the numbers of sockets and
    terminals.
    """
    place = Path(f"/proc/{pid}")
    status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines())
    files = [str(descriptor.readlink()) for descriptor in (place / "fd").iterdir()]
    return {
        **{name: status[name] for name in _FACTS},
        "limits": (place / "limits").read_text(),
        "folder": (place / "cwd").readlink(),
        "files": sorted(file.partition(":")[0].rstrip("0123456789") for file in files if "greenchat.db" not in file),
    }


def test_a_server_equals_one_with_a_start_of_its_own(tmp_path: Path) -> None:
    words = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    found = []
    for started in forked.started, process.started:
        with started(tmp_path, *words) as server, Client(server.target, "alice") as alice:
            alice.run("PING x")
            found.append(facts(server.process.pid))
            assert server.end() == 0
    assert found[0] == found[1]


def test_a_successor_equals_one_with_a_start_of_its_own(tmp_path: Path) -> None:
    found = []
    data = tmp_path / "data"
    words = ("--listen", "127.0.0.1:0", "--data", str(data))
    for spare in True, False:
        with forked.started(tmp_path, *words, spare=spare) as server, Client(server.target, "alice") as alice:
            successor = ask(data, "upgrade", 60.0)["pid"]
            alice.run("PING x")
            found.append(facts(successor))
            assert server.end() == 0
        assert not Path(f"/proc/{successor}").exists()
        shutil.rmtree(data)
    assert found[0] == found[1]


@pytest.mark.parametrize("run", [forked.run, process.run])
def test_a_command_gets_its_arguments_input_and_environment(
    tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert run(tmp_path, "--version").stdout.startswith("greenchat ")
    ended = run(tmp_path, "adduser", "alice", stdin="sesame-open\n")
    assert (ended.returncode, (tmp_path / "xdg/greenchat/greenchat.db").exists()) == (0, True), ended.stderr
    refused = run(tmp_path, "no-command")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no command 'no-command'" in refused.stderr


def test_exit_codes(tmp_path: Path) -> None:
    with forked.started(tmp_path, "--listen", "127.0.0.1:0") as server:
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.01)
        assert server.process.poll() is None
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        assert server.process.poll() == -signal.SIGKILL


@pytest.mark.parametrize("value", ["", "utf-8", "iso8859-1"])
def test_variables_that_python_reads_at_its_start_have_their_effect(tmp_path: Path, value: str) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint('\u00e9', sys.stdout.encoding)\n", encoding="utf-8")
    env = {**process.environment(tmp_path), "PYTHONIOENCODING": value, "LANG": "C.UTF-8"}
    with open(os.devnull) as nothing, (tmp_path / "said").open("wb") as output:
        asked = forked.Forked((), env, [nothing.fileno(), output.fileno(), 2], script=(str(script),))
    assert asked.wait(PATIENCE) == 0
    encoding = value or "utf-8"
    assert (tmp_path / "said").read_text(encoding) == f"\u00e9 {encoding}\n"


def test_a_client_equals_one_with_a_start_of_its_own(tmp_path: Path) -> None:
    home = {**process.environment(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    env = {**home, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    found = []
    for start in (
        ForkedClient(["--nick", "alice"], env),
        PtyProcess.spawn([sys.executable, *forked.CLIENT, "--nick", "alice"], env=env),
    ):
        terminal = Terminal(start)
        terminal.wait_for("Nickname")
        own = facts(start.pid)
        found.append((own, os.getsid(start.pid) == os.tcgetpgrp(start.fd) == start.pid, terminal.rows))
        terminal.send("\x03")
        assert terminal.wait_end() == 0
        terminal.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("path", ["", "/elsewhere"])
def test_it_starts_wherever_the_tests_import_from(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's test command sets no PYTHONPATH; the programs get this checkout's."""
    monkeypatch.setenv("PYTHONPATH", path)
    assert forked.run(tmp_path, "--version").returncode == 0


def test_signals_that_the_tests_ignore_are_not_ignored(tmp_path: Path) -> None:
    """Otherwise a spare process would ignore a signal that a server's stand-in passes on to it."""
    script, output = tmp_path / "script.py", tmp_path / "said"
    script.write_text("import signal\nprint(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)\n")
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with output.open("w") as out, open(os.devnull) as nothing:
            standard = [nothing.fileno(), out.fileno(), out.fileno()]
            started = forked.Forked([], process.environment(tmp_path), standard, family=77, script=[str(script)])
    finally:
        signal.signal(signal.SIGTERM, former)
    started.wait(PATIENCE)
    assert output.read_text() == "True\n"


def test_all_processes_of_a_test_run_share_the_forking_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the last one ends it, also if that is killed: both close the connection."""
    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(forked, "_RUN", "another")
    monkeypatch.setattr(forked, "_connections", [])
    monkeypatch.setattr(forked, "_forkers", started)
    variables = frozenset({"PYTHONPATH": str(process.ROOT)}.items())
    with ThreadPoolExecutor() as pool:  # as processes do, they may begin at the same time
        connections = list(pool.map(lambda _: forked._requests.__wrapped__("greenchat-server", variables), range(4)))
    (process_of_all,) = started
    for connection in connections[1:]:
        connection.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process_of_all.wait(0.1)
    connections[0].close()
    assert process_of_all.wait(PATIENCE) == 0
