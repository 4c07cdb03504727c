"""The whole benchmark on a small scale: with the real greenchat-server, and with servers that are wrong on purpose."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from greenchat.bench.main import main
from tests.patience import PATIENCE

Rule = Callable[[int, str], list[int]]  # (number of the message, receiver) -> the messages to send to the receiver now


class SloppyServer:
    """A minimal IRC server: one thread per client, all in one channel, and a `rule` that makes it wrong."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._lock = threading.Lock()
        self._members: dict[str, socket.socket] = {}
        self._lines: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        nick = ""
        with connection, connection.makefile("rb") as lines:
            try:
                for line in lines:
                    verb, _, rest = line.decode().strip().partition(" ")
                    if verb == "NICK":
                        nick = rest
                    with self._lock:
                        self._answer(connection, nick, verb, rest)
            except OSError:
                pass
            self._members.pop(nick, None)

    def _answer(self, connection: socket.socket, nick: str, verb: str, rest: str) -> None:
        if verb == "USER":
            connection.sendall(f":s 001 {nick} :hello\r\n".encode())
        elif verb == "JOIN":
            self._members[nick] = connection
            connection.sendall(f":{nick}!u@h JOIN {rest}\r\n:s 366 {nick} {rest} :end\r\n".encode())
        elif verb == "PING":
            connection.sendall(f":s PONG s {rest}\r\n".encode())
        elif verb == "PRIVMSG":
            self._lines.append(f":{nick}!u@h PRIVMSG {rest}\r\n".encode())
            count = len(self._lines) - 1
            for name, member in self._members.items():
                wanted = [at for at in self._rule(count, name) if 0 <= at <= count]
                member.sendall(
                    b"".join(self._lines[at] for at in wanted if not self._lines[at].startswith(b":" + name.encode()))
                )


@contextmanager
def sloppy(rule: Rule) -> Iterator[SloppyServer]:
    server = SloppyServer(rule)
    try:
        yield server
    finally:
        server.close()


def honest(count: int, name: str) -> list[int]:
    return [count]


# Of two successive messages, one at least is not c00003's own, which it does not receive anyway.


def lose(count: int, name: str) -> list[int]:
    return [] if count in (20, 21) and name == "c00003" else [count]


def double(count: int, name: str) -> list[int]:
    return [count, count] if count in (20, 21) and name == "c00003" else [count]


def delay(count: int, name: str) -> list[int]:
    """Hold back the messages for one client until their senders have sent more."""
    if name != "c00003":
        return [count]
    return [] if count in (20, 21) else [count, 20, 21] if count == 40 else [count]


SMALL = ["--clients", "6", "--flight", "1", "--seconds", "0.3"]


@pytest.fixture(autouse=True)
def _few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenchat.bench.load.WARM_UP", 0.05)
    monkeypatch.setattr("greenchat.bench.load.POSTPONED", 0.1)


def test_a_correct_server_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    with sloppy(honest) as server:
        assert main(["fanout", *SMALL, "--server", f"127.0.0.1:{server.port}"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("fanout: 6 in one channel, 1 in flight\n")
    assert "deliveries/s" in shown


@pytest.mark.parametrize(
    ("rule", "flight", "says"),
    [
        (lose, "1", "lost for 1 of its receivers (c00003)"),
        (lose, "4", "c00003"),
        (double, "1", "twice or out of order"),
        (delay, "4", "c00003"),
    ],
)
def test_a_wrong_server_is_detected(
    rule: Rule, flight: str, says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "greenchat.bench.load.ARRIVAL_TIMEOUT", 2.0
    )  # the time that it waits: the other clients receive theirs earlier
    with sloppy(rule) as server:
        options = [*SMALL, "--flight", flight, "--server", f"127.0.0.1:{server.port}"]
        assert main(["fanout", *options[:2], *options[4:]]) == 1
    output = capsys.readouterr().err
    assert says in output
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["fanout", "--clients", "20", "--flight", "1", "--flight", "8", "--seconds", "0.3"],
        ["rooms", "--rooms", "3", "--members", "4", "--flight", "12", "--seconds", "0.3"],
        ["mixed", "--clients", "12", "--flight", "6", "--seconds", "0.3"],
        ["direct", "--clients", "10", "--flight", "5", "--seconds", "0.3"],
        ["churn", "--clients", "10", "--visitors", "6", "--every", "2", "--flight", "4", "--seconds", "0.5"],
        ["slow", "--clients", "10", "--flight", "4", "--seconds", "0.3"],
        ["storm", "--clients", "60"],
        ["idle", "--clients", "30", "--seconds", "1.5", "--ping", "1"],
        ["attack", "--threads", "2", "--seconds", "0.5"],
    ],
)
def test_every_scenario_with_our_server(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert {result["scenario"] for result in results} == {arguments[0]}
    for result in results:
        figures = result["median"]["greenchat"]
        assert figures["clients"] > 0
        assert figures["cpu_share"] >= 0  # on a busy machine the server may get no processor time in 0.3 s
        if arguments[0] in ("fanout", "rooms", "mixed", "direct"):
            assert "cpu_per_delivery_in_all" in figures  # its arithmetic: test_load


def test_websocket_beside_tcp(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["fanout", "--websocket", "--clients", "10", "--flight", "4", "--seconds", "0.3", "--rounds", "1"]
    assert main([*arguments, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert set(result["median"]) == {"greenchat, WebSocket", "greenchat"}
    assert "cpu_per_delivery" in result["ratios"]["greenchat"]  # NaN if one of them got no processor time in 0.3 s


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fanout", "--server", "nowhere"], "--server takes HOST:PORT, not nowhere"),
        (["fanout", "--pid", "1"], "--pid belongs to --server"),
        (["fanout", "--only-vs"], "--only-vs needs --vs"),
        (["fanout", "--text", "3"], "a text has 14 to 400 bytes, not 3"),
        (["fanout", "--vs", "ngircd", "--ngircd", "/no/where"], "no ngircd at /no/where"),
    ],
)
def test_an_invalid_option_is_one_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"greenchat-bench: {says}\n"


def test_an_unreachable_server(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["fanout", *SMALL, "--server", f"127.0.0.1:{port}"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_profile_contains_functions_of_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    for seconds in "1", "5", "25":  # on a busy machine the server may hardly run in a second
        assert main(["rooms", "--rooms", "5", "--flight", "20", "--seconds", seconds, "--profile"]) == 0
        _, _, profile = capsys.readouterr().out.partition("samples of the server's CPU time")
        if re.search(r"^(server|chat|commands|protocol|storage|gevent)/\w+\.py \w+", profile, re.MULTILINE):
            return
    raise AssertionError(profile)


def test_the_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The plot is drawn where matplotlib is installed; otherwise an error is printed before anything is measured."""
    file = tmp_path / "figures.svg"
    if find_spec("matplotlib"):
        assert main(["direct", "--clients", "10", "--flight", "5", "--seconds", "0.2", "--plot", str(file)]) == 0
        assert "10 writing to each other" in file.read_text(encoding="utf-8")
    else:
        assert main(["direct", "--plot", str(file)]) == 2
        assert "--plot needs one more package: " in capsys.readouterr().err


def runs(pid: str) -> bool:
    """Whether the process runs, rather than waits for its parent to collect its exit code."""
    try:
        return ") Z " not in Path("/proc", pid, "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ending_the_benchmark_ends_its_server(tmp_path: Path) -> None:
    script = "from greenchat.bench.main import main; raise SystemExit(main())"
    command = [sys.executable, "-c", script, "idle", "--clients", "5", "--seconds", "60"]
    bench = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        children = Path(f"/proc/{bench.pid}/task/{bench.pid}/children")
        while len(started := children.read_text().split()) < 2:  # a server and the clients
            assert bench.poll() is None
            time.sleep(0.02)
    finally:
        bench.terminate()
    assert bench.wait(PATIENCE) == 128 + signal.SIGTERM
    deadline = time.monotonic() + PATIENCE
    while any(map(runs, started)):  # the server has ended, but its new parent may not have noticed yet
        assert time.monotonic() < deadline, started
        time.sleep(0.02)
    assert not list(tmp_path.iterdir())
