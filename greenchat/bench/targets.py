"""Starts the server to be measured, pinned to a separate core, and stops it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import greenchat
from greenchat.bench.peers import (
    UNLIMITED,
    Certificate,
    NotInstalledError,
    Setup,
    greenchat_config,
    inspircd_config,
    locate,
    ngircd_config,
)
from greenchat.bench.process import cores
from greenchat.bench.swarm import Endpoint

STARTING = 60.0  # seconds a server may take until it listens: several nodes, on a busy machine
STOPPING = 60.0  # seconds it may take to end: if it is killed, the engine of several nodes may stay

MakeCommand = Callable[[Setup], list[str]]


class NotStartedError(Exception):
    """A server did not start; the text has its last line of output."""


@dataclass(frozen=True, slots=True)
class BenchTarget:
    """A server to measure. command is None for one that runs already, at `address`. websocket: clients use it."""

    name: str
    command: MakeCommand | None = None
    address: Endpoint | None = None
    pid: int | None = None
    profiled: bool = False
    websocket: bool = False


@dataclass(frozen=True, slots=True)
class RunningTarget:
    """A listening server. profiled: whether to signal the beginning and end of the measurement."""

    address: Endpoint
    pid: int | None
    profiled: bool = False


def greenchat_target(
    before: str = "", *, profiled: bool = False, websocket: bool = False, words: Sequence[str] = ()
) -> BenchTarget:
    """Return greenchat-server of this installation.

    before: Python that runs in its process before it. words: more of its command line.
    """
    start = f"{before}\nfrom greenchat.server.main import main\nraise SystemExit(main())"

    def command(setup: Setup) -> list[str]:
        config = setup.folder / "greenchat.toml"
        config.write_text(greenchat_config(setup), encoding="utf-8")
        listen = f"127.0.0.1:{setup.port}"
        data = str(setup.folder / "data")
        return [sys.executable, "-c", start, "--config", str(config), "--listen", listen, "--data", data, *words]

    name = "greenchat, WebSocket" if websocket else "greenchat"
    return BenchTarget(name, command, profiled=profiled, websocket=websocket)


def ngircd_target(place: str | None) -> BenchTarget:
    """Return ngIRCd. Raises NotInstalledError."""
    program = locate("ngircd", place)

    def command(setup: Setup) -> list[str]:
        config = setup.folder / "ngircd.conf"
        config.write_text(ngircd_config(setup), encoding="utf-8")
        return [str(program), "--nodaemon", "--config", str(config)]

    return BenchTarget("ngircd", command)


def inspircd_target(place: str | None) -> BenchTarget:
    """Return InspIRCd 3, whose modules are in ../lib/inspircd/modules or, as built from source, in ../modules.

    Raises NotInstalledError.
    """
    program = locate("inspircd", place)
    root = program.resolve().parent.parent
    modules = next((root / each for each in ("lib/inspircd/modules", "modules") if (root / each).is_dir()), None)
    if not modules:
        raise NotInstalledError(f"{program} has no modules in {root}/lib/inspircd/modules")

    def command(setup: Setup) -> list[str]:
        config = setup.folder / "inspircd.conf"
        config.write_text(inspircd_config(setup, modules), encoding="utf-8")
        root = ["--runasroot"] if os.geteuid() == 0 else []
        return [str(program), "--nofork", "--config", str(config), *root]

    return BenchTarget("inspircd", command)


PEERS: dict[str, Callable[[str | None], BenchTarget]] = {"ngircd": ngircd_target, "inspircd": inspircd_target}


@contextmanager
def run(target: BenchTarget, *, tls: bool = False, ping: int = 120, rate: int = UNLIMITED) -> Iterator[RunningTarget]:
    """Run the target, listening, for the length of the block.

    Raises NotStartedError.
    """
    if target.command is None:
        assert target.address
        yield RunningTarget(target.address, target.pid)
        return
    reserved, port = reserve_port()
    with reserved, tempfile.TemporaryDirectory(prefix="greenchat-bench-") as name:
        folder = Path(name)
        folder.chmod(folder.stat().st_mode | 0o055)  # a server that drops root must still find its files
        certificate = make_certificate(folder) if tls else None
        command = target.command(Setup(folder, port, ping, certificate, rate))
        source = str(Path(greenchat.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
        try:
            os.sched_setaffinity(process.pid, {cores()[0]})
            _await_listening(process, port, folder / "output", target.name)
            yield RunningTarget(Endpoint("127.0.0.1", port, tls, target.websocket), process.pid, target.profiled)
        finally:
            process.terminate()
            try:
                process.wait(STOPPING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def reserve_port() -> tuple[socket.socket, int]:
    """Return a socket that reserves a port of 127.0.0.1 for a server with SO_REUSEADDR, as all have, and the port."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    port: int = sock.getsockname()[1]
    return sock, port


def make_certificate(folder: Path) -> Certificate:
    """Make a self-signed certificate for localhost.

    Raises NotInstalledError without the openssl program.
    """
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-out", certificate.certificate, "-keyout", certificate.key],
            check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise NotInstalledError("--tls needs the openssl program to make a certificate") from None
    certificate.key.chmod(0o644)  # deleted with its folder; ngIRCd reads it as another user
    return certificate


def _await_listening(process: subprocess.Popen[bytes], port: int, output: Path, name: str) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["nothing"]
    raise NotStartedError(f"{name} does not listen on 127.0.0.1:{port}; its last output: {lines[-1]}")
