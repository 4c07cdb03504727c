"""Nodes on several machines: each with a data folder, a configuration and a process of its own, beside real engines."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from greenchat.config.options import Address
from greenchat.server.main import main
from greenchat.server.net.listener import reserve
from tests.patience import PATIENCE
from tests.server.nodes.cluster import NodeProcess, forked_node
from tests.server.nodes.nats import Nats
from tests.server.process import SCRIPT, Process, environment

CONFIG = """\
listen = [{{address = "127.0.0.1:{port}"}}]
data = {data!r}
[throttle]
commands = 0.0
unread = 0
[cluster]
node = "{name}"
engine = {engine}
log = "{log}"
replicas = {replicas}
snapshot = 1.0
{more}
"""
_START = "from greenchat.server.main import main\nraise SystemExit(main())\n"


class Machine(NodeProcess):
    """One machine. more: keys of [cluster]. before: Python that its process runs before the server."""

    def __init__(  # NodeProcess.__init__ makes a NodeConfig
        self, home: Path, name: str, engine: Sequence[Nats], *, log: str = "greenchat", more: str = "", before: str = ""
    ) -> None:
        self.name = name
        self.folder = home / name
        self.home = home
        self._reserved, reserved = reserve(Address("127.0.0.1", 0))
        self.port = reserved.port
        self.address = ("127.0.0.1", self.port)
        self.errors = home / f"errors-{name}.txt"
        self.config = home / f"{name}.toml"
        self.process: Process | None = None
        self.environment: dict[str, str] = {}
        self._script = SCRIPT
        if before:
            script = home / f"start-{name}.py"
            script.write_text(f"{before}\n{_START}", encoding="utf-8")
            self._script = (str(script),)
        self.configure([server.url for server in engine], log=log, replicas=len(engine), more=more)

    def configure(self, urls: Sequence[str], *, log: str = "greenchat", replicas: int = 1, more: str = "") -> None:
        text = CONFIG.format(
            port=self.port,
            data=str(self.folder),
            name=self.name,
            engine=list(urls),
            log=log,
            replicas=replicas,
            more=more,
        )
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)

    def start(self, *, ready: bool = True) -> None:
        """Start the node. ready: wait until it serves; otherwise it is expected to refuse, see `refusal`."""
        before = self._served()
        words, env = ("--config", str(self.config)), environment(self.home) | self.environment
        with self.errors.open("ab") as errors:
            if self.environment:
                command = [sys.executable, *self._script, *words]
                self.process = subprocess.Popen(command, env=env, stdout=errors, stderr=errors, text=True)
            else:
                self.process = self._forked(words, env, errors.fileno())
        until = time.monotonic() + PATIENCE
        while ready and self._served() == before:
            assert self.process.poll() is None, self.errors.read_text(encoding="utf-8")
            assert time.monotonic() < until, self.errors.read_text(encoding="utf-8")
            time.sleep(0.02)

    def _forked(self, words: Sequence[str], env: Mapping[str, str], output: int) -> Process:
        return forked_node(words, env, output, script=self._script)

    def _served(self) -> int:
        return self.errors.read_text(encoding="utf-8").count("Data is kept in") if self.errors.exists() else 0

    def wait_for_restart(self, times: int = 1) -> None:
        """Wait until the node has started serving so many more times."""
        wanted, until = times + 1, time.monotonic() + PATIENCE
        while self._served() < wanted:
            assert time.monotonic() < until, self.errors.read_text(encoding="utf-8")
            time.sleep(0.02)

    def refusal(self) -> str:
        """Return the error of a node that does not start."""
        before = len(self.errors.read_text(encoding="utf-8")) if self.errors.exists() else 0
        self.start(ready=False)
        assert self.process
        assert self.process.wait(PATIENCE) == 2
        lines = self.errors.read_text(encoding="utf-8")[before:].splitlines()
        (line,) = [each for each in lines if each.startswith("greenchat-server: ")]
        return line.removeprefix("greenchat-server: ")

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a shell command on the machine. It has no process of its own, which would take a second or two."""
        out, err = io.StringIO(), io.StringIO()
        mask = os.umask(0o077)  # the command narrows it for its process
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = main([*words, "--config", str(self.config)])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os.umask(mask)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def do(self, *words: str) -> str:
        """Run a command that must succeed; return its output."""
        done = self.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    def refused(self, *words: str, code: int = 2) -> str:
        """Run a command that must be refused; return its error of one line."""
        done = self.run(*words)
        assert (done.returncode, done.stdout) == (code, ""), done
        assert done.stderr.startswith("greenchat-server: ")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removeprefix("greenchat-server: ").rstrip("\n")

    def join(self, other: "Machine") -> None:
        """Make this node from a backup of another one."""
        backup = self.home / f"{other.name}-for-{self.name}.gcb"
        backup.unlink(missing_ok=True)
        other.do("backup", str(backup))
        self.do("cluster", "join", str(backup))
