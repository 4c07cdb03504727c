"""What `forked` starts is, from outside and by what it answers, what `process` starts."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from greenchat.server.control.client import ask
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server import forked, process

_FACTS = ("SigBlk", "SigIgn", "SigCgt", "Threads", "Umask")


def facts(pid: int) -> dict[str, object]:
    """What the system knows of a process: its signals, threads, mask, limits, folder and open files.

    Its database is left out: it depends on the moment how many threads have opened that.
    """
    place = Path(f"/proc/{pid}")
    status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines())
    files = [str(descriptor.readlink()) for descriptor in (place / "fd").iterdir()]
    return {
        **{name: status[name] for name in _FACTS},
        "limits": (place / "limits").read_text(),
        "folder": (place / "cwd").readlink(),
        "files": sorted(file.partition(":")[0] for file in files if "greenchat.db" not in file),
    }


def test_a_server_is_like_one_with_a_start_of_its_own(tmp_path: Path) -> None:
    words = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    found = []
    for started in forked.started, process.started:
        with started(tmp_path, *words) as server, Client(server.target, "alice") as alice:
            alice.run("PING x")
            found.append(facts(server.process.pid))
            assert server.end() == 0
    assert found[0] == found[1]


def test_one_that_takes_over_is_like_one_with_a_start_of_its_own(tmp_path: Path) -> None:
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
def test_a_command_gets_its_words_its_input_and_its_environment(
    tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert run(tmp_path, "--version").stdout.startswith("greenchat ")
    ended = run(tmp_path, "adduser", "alice", stdin="sesame-open\n")
    assert (ended.returncode, (tmp_path / "xdg/greenchat/greenchat.db").exists()) == (0, True), ended.stderr
    refused = run(tmp_path, "no-command")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no command 'no-command'" in refused.stderr


def test_how_it_has_ended(tmp_path: Path) -> None:
    with forked.started(tmp_path, "--listen", "127.0.0.1:0") as server:
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.01)
        assert server.process.poll() is None
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        assert server.process.poll() == -signal.SIGKILL
    with pytest.raises(AssertionError, match="start of its own"):
        forked.run(tmp_path, "--version", env={"PYTHONHASHSEED": "1"})


@pytest.mark.parametrize("path", ["", "/elsewhere"])
def test_it_starts_whatever_the_tests_import_from(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's test command sets no PYTHONPATH; the programs get this checkout's."""
    monkeypatch.setenv("PYTHONPATH", path)
    assert forked.run(tmp_path, "--version").returncode == 0


def test_what_the_tests_ignore_is_not_ignored(tmp_path: Path) -> None:
    """Else a spare process would ignore a signal that whoever stands in for a server passes on to it."""
    script, said = tmp_path / "script.py", tmp_path / "said"
    script.write_text("import signal\nprint(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)\n")
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with said.open("w") as out, open(os.devnull) as nothing:
            standard = [nothing.fileno(), out.fileno(), out.fileno()]
            started = forked.Forked([], process.environment(tmp_path), standard, family=77, script=[str(script)])
    finally:
        signal.signal(signal.SIGTERM, former)
    started.wait(PATIENCE)
    assert said.read_text() == "True\n"
