"""bin/greenchat-server, as a process with a start of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Protocol

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
SCRIPT = (str(ROOT / "bin/greenchat-server"),)


def environment(home: Path) -> dict[str, str]:
    """Return the environment without the machine's own configuration."""
    return {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "xdg"), "PYTHONPATH": str(ROOT)}


def run(
    home: Path,
    *arguments: str,
    stdin: str = "",
    env: Mapping[str, str] = MappingProxyType({}),
    before: tuple[str, ...] = (),
    patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    env: variables beside those of every test. before: a command that runs it. patience: its timeout in seconds.
    """
    return subprocess.run(
        [*before, sys.executable, *SCRIPT, *arguments],
        env={**environment(home), **env},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


class Process(Protocol):
    """The part of `subprocess.Popen` that tests use."""

    pid: int
    returncode: int | None

    @property
    def stdout(self) -> IO[str] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass
class Running:
    """A listening server.

    addresses: those that it printed, in order; errors: the file of its standard error. said: its output when it began
    to listen.
    """

    process: Process
    addresses: list[tuple[str, int]]
    errors: Path
    output: str

    @property
    def target(self) -> tuple[str, int]:
        """The address of the first listener."""
        return self.addresses[0]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def started(
    home: Path,
    *arguments: str,
    env: Mapping[str, str] = MappingProxyType({}),
    script: tuple[str, ...] = SCRIPT,
) -> Iterator[Running]:
    """Start a server, and end it at the end of the block.

    Its arguments should listen on port 0. env: as in `run`. script: the command.
    """
    errors = home / "errors.txt"
    with errors.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *script, *arguments],
            env={**environment(home), **env},
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    with listening(process, errors) as running:
        yield running


@contextmanager
def listening(process: Process, errors: Path) -> Iterator[Running]:
    """Wait until a started server listens, and end it at the end of the block. errors: its standard error."""
    assert process.stdout
    try:
        addresses = []
        output = ""
        for line in process.stdout:
            output += line
            if " is listening on " in line:
                host, _, port = line.split()[-1].rpartition(":")
                addresses.append((host.strip("[]"), int(port)))
            elif line.startswith("Data is kept"):
                break
        assert addresses, errors.read_text()
        yield Running(process, addresses, errors, output)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
