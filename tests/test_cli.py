"""Properties that the command lines of all programs share."""

import subprocess
import sys
from pathlib import Path

import pytest

from greenchat.cli import called
from tests.patience import PATIENCE
from tests.server.process import ROOT, environment


def test_a_program_is_called_in_messages_as_it_can_be_called_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its path if it was called so, as in the README; by its name where that is enough."""
    program = tmp_path / "greenchat"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "greenchat-server")])
    monkeypatch.setenv("PATH", "/nowhere")
    assert called("greenchat") == str(program)
    assert called("greenchat-bench") == "greenchat-bench"  # it is not on the PATH: only the name can be given
    monkeypatch.setenv("PATH", str(tmp_path))
    assert called("greenchat") == "greenchat"


@pytest.mark.parametrize(
    ("program", "typed", "hint"),
    [
        ("greenchat-server", "--port 9191", "--listen 127.0.0.1:9191, or --listen :9191 for other machines, too"),
        ("greenchat-server", "-p 9191", "--listen 127.0.0.1:9191, or --listen :9191 for other machines, too"),
        ("greenchat-server", "--port=9191", "--listen 127.0.0.1:9191, or --listen :9191 for other machines, too"),
        ("greenchat-server", "--host 0.0.0.0 --port 9191", "--listen 0.0.0.0:9191"),
        ("greenchat", "localhost 9191", "localhost:9191"),
        ("greenchat", "--port 9191", "localhost:9191"),
        ("greenchat", "--server irc.example.org", "irc.example.org"),
    ],
)
def test_options_of_other_programs_are_translated(program: str, typed: str, hint: str, tmp_path: Path) -> None:
    """Users of other programs type their options; one line says the option of this program."""
    ended = subprocess.run(
        [sys.executable, str(ROOT / "bin" / program), *typed.split()],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.endswith(f". Try: {program} {hint}")


@pytest.mark.parametrize("program", ["greenchat", "greenchat-server", "greenchat-bench"])
def test_help_that_cannot_be_written_is_a_failure(program: str, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, str(ROOT / "bin" / program), "--help"],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == f"{program}: can't write to standard output: No space left on device\n"
