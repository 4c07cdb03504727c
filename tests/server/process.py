"""bin/greenchat-server in a process of its own."""

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
    """No trace of the machine's own configuration."""
    return {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "xdg"), "PYTHONPATH": str(ROOT)}


def run(
    home: Path,
    *arguments: str,
    stdin: str = "",
    env: Mapping[str, str] = MappingProxyType({}),
    before: tuple[str, ...] = (),
    patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end. env: variables beside those of every test. before: a command that runs it.

    patience: seconds that it may take.
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
    """What tests use of `subprocess.Popen`."""

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
    """A server that listens. addresses: what it said, in order; errors: the file with its standard error.

    said: what it printed when it began to listen.
    """

    process: Process
    addresses: list[tuple[str, int]]
    errors: Path
    said: str

    @property
    def target(self) -> tuple[str, int]:
        """Of its first listener."""
        return self.addresses[0]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def started(
    home: Path,
    *arguments: str,
    env: Mapping[str, str] = MappingProxyType({}),
    script: tuple[str, ...] = SCRIPT,
) -> Iterator[Running]:
    """A server, until the end of the block. Its arguments should listen on port 0.

    env: as in `run`. script: what runs it.
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
    """A server that has been started, once it listens, and until the end of the block. errors: its standard error."""
    assert process.stdout
    try:
        addresses = []
        said = ""
        for line in process.stdout:
            said += line
            if " is listening on " in line:
                host, _, port = line.split()[-1].rpartition(":")
                addresses.append((host.strip("[]"), int(port)))
            elif line.startswith("Data is kept"):
                break
        assert addresses, errors.read_text()
        yield Running(process, addresses, errors, said)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
