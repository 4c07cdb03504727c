"""Fork the servers that the benchmark starts in tests."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from tests.server.forked import Forked
from tests.server.process import ROOT

_start = subprocess.Popen


def _fork_or_start(command: Sequence[str], **options: Any) -> Any:
    """Fork the process of `targets.greenchat_target` unless it is profiled; start any other process."""
    match command:
        case [sys.executable, "-c", str(program), *words] if program.startswith("\nfrom greenchat.server.main import"):
            return _forked(program, words, **options)
    return _start(command, **options)


def _forked(
    program: str,
    words: Sequence[str],
    *,
    stdin: int,
    stdout: IO[bytes],
    stderr: IO[bytes],
    cwd: Path,
    env: Mapping[str, str],
) -> Forked:
    assert stdin == subprocess.DEVNULL
    script = cwd / "start.py"
    script.write_text(program, encoding="utf-8")
    with open(os.devnull) as nothing:
        standard = [nothing.fileno(), stdout.fileno(), stderr.fileno()]
        variables = {**env, "PYTHONPATH": str(ROOT)}
        return Forked(words, variables, standard, script=(str(script),), spare="--nodes" in words)


@pytest.fixture(autouse=True)
def _forked_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", _fork_or_start)
