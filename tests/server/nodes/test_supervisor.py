"""`greenchat-server --nodes N`: several processes on one machine that form one server."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from greenchat import __version__
from greenchat.server.control.client import NoServerError, ask
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.nodes.supervisor import _Child
from greenchat.server.tools.running import status_rows
from tests.features.nodes.test_agreement import STAFF
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.forked import run, started
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.talkers import wait_until
from tests.server.process import Running

pytestmark = NEEDED


@contextmanager
def family(home: Path, count: int = 2, *, spare: bool = True) -> Iterator[Running]:
    """Start a server with nodes. spare: the nodes are forked; otherwise each has a start of its own."""
    words = ("--listen", "127.0.0.1:0", "--data", str(home / "d"), "--nodes", str(count))
    with started(home, *words, spare=spare) as server:
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.end()


def pid_of(folder: Path, but: int = 0) -> int:
    """Return the process of the node that serves from a folder, once it is a new one."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            pid = int(ask(folder, "status")["pid"])
            if pid != but:
                return pid
        except (NoServerError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"no node serves from {folder}")


def spread(server: Running, count: int = 16) -> list[Client]:
    """Connect so many clients to one channel; the system spreads them over the nodes."""
    clients = [Client(server.target, f"user{number}", caps="echo-message") for number in range(count)]
    for client in clients:
        client.join("#a")
    return clients


def test_a_node_and_the_engine_die(tmp_path: Path) -> None:
    data = tmp_path / "d"
    with family(tmp_path, spare=False) as server:
        first, second = pid_of(data), pid_of(data / "nodes/2")
        clients = spread(server)
        numbers = {ask(folder, "status")["users"] for folder in (data, data / "nodes/2")}
        assert numbers == {16}, "both nodes know all users"
        assert {ask(folder, "status")["nodes"] for folder in (data, data / "nodes/2")} == {2}
        assert dict(status_rows(ask(data, "status")))["nodes"].startswith("2; this is one of them")
        clients[0].send("PRIVMSG #a :hello")
        assert all(client.expect("PRIVMSG").params == ("#a", "hello") for client in clients)

        os.kill(second, signal.SIGKILL)
        again = pid_of(data / "nodes/2", second)
        staying = [client for client in clients if is_connected(client)]
        assert 0 < len(staying) < 16, "clients were at both nodes"
        staying[0].send("PRIVMSG #a :still here")
        for client in staying:
            seen = client.until("PRIVMSG")
            assert [message.command for message in seen] == ["PRIVMSG"], "a QUIT was seen"

        engine = engine_of(data)
        os.kill(engine, signal.SIGKILL)
        staying[0].send("PRIVMSG #a :once more")
        assert all(client.expect("PRIVMSG").params == ("#a", "once more") for client in staying)
        assert engine_of(data) != engine
        assert (pid_of(data), pid_of(data / "nodes/2")) == (first, again), "neither node was restarted for that"
        assert server.end() == 0
    assert "Traceback" not in server.errors.read_text(encoding="utf-8")


def is_connected(client: Client) -> bool:
    try:
        client.sync()
    except (EOFError, OSError):
        return False
    return True


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def engine_of(data: Path) -> int:
    """Return the process whose command line has the configuration of the engine."""
    wanted = str(data / "nodes/engine/nats.conf").encode()
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in words:
            return int(folder.name)
    return 0


def test_the_data_is_there_after_a_stop_and_for_a_single_server(tmp_path: Path) -> None:
    data = str(tmp_path / "d")
    with started(tmp_path, "--listen", "127.0.0.1:0", "--data", data) as single, Client(single.target, "ann") as ann:
        ann.join("#a")
        ann.send("PRIVMSG NickServ :REGISTER my-secret-password")
        ann.expect("900")
        ann.run("PRIVMSG #a :alone", "PRIVMSG ChanServ :REGISTER #a", "TOPIC #a :kept")
        ann.quit()
    for _ in range(2):
        with family(tmp_path) as server:
            with Client(server.target, "bob") as bob:
                assert [m.params[-1] for m in bob.join("#a") if m.command == "332"] == ["kept"]
                bob.run("PRIVMSG #a :by nodes")
                bob.quit()
            assert server.end() == 0
    refused = run(tmp_path, "--data", data, "--listen", "127.0.0.1:0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "belongs to several nodes: start it with --nodes N" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    for path in sorted((tmp_path / "d/nodes").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "d/nodes").rmdir()
    with (
        started(tmp_path, "--listen", "127.0.0.1:0", "--data", data) as single,
        Client(single.target, "cat", caps="batch draft/chathistory") as cat,
    ):
        assert [m.params[-1] for m in cat.join("#a") if m.command == "332"] == ["kept"]
        found = [m.params[-1] for m in cat.run("CHATHISTORY LATEST #a * 10") if m.command == "PRIVMSG"]
        assert found == ["alone", "by nodes", "by nodes"]


def test_nodes_that_fail_to_start_leave_the_folder_to_its_server(tmp_path: Path) -> None:
    words = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"))
    with started(tmp_path, *words):
        refused = run(tmp_path, *words, "--nodes", "2")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "another greenchat-server uses the data folder" in refused.stderr
    with started(tmp_path, *words) as again:
        assert again.end() == 0
    with family(tmp_path) as server:
        assert server.end() == 0


def test_a_second_server_with_the_same_data_is_refused(tmp_path: Path) -> None:
    data = str(tmp_path / "d")
    with family(tmp_path):
        refused = run(tmp_path, "--data", data, "--listen", "127.0.0.1:0", "--nodes", "2")
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"greenchat-server: another greenchat-server --nodes uses the data folder {data}"
    ]


def test_errors_are_one_line(tmp_path: Path) -> None:
    home = ("--data", str(tmp_path / "d"), "--listen", "127.0.0.1:0")
    for words, expected in (
        (("--nodes", "0"), "0 is not a number from 1 to 16"),
        (("--nodes", "many"), "many is not a number from 1 to 16"),
        (("--nodes", "2", "--record", str(tmp_path / "life")), "--record works with a single server only"),
    ):
        refused = run(tmp_path, *home, *words)
        assert refused.returncode == 2
        assert expected in refused.stderr.splitlines()[-1]
        assert "Traceback" not in refused.stderr


def test_nothing_starts_with_an_engine_that_has_lost_its_data(tmp_path: Path) -> None:
    data = tmp_path / "d"
    with family(tmp_path) as server:
        with Client(server.target, "bob") as bob:
            bob.join("#a")
            bob.run("PRIVMSG #a :said")
            bob.quit()
        assert server.end() == 0
    before = (data / "greenchat.db").read_bytes()
    for path in sorted((data / "nodes/engine/log").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    refused = run(tmp_path, "--data", str(data), "--listen", "127.0.0.1:0", "--nodes", "2", patience=60)
    assert refused.returncode == 2
    errors = [line for line in refused.stderr.splitlines() if line.startswith("greenchat-server: ")]
    assert len(errors) == 1, refused.stderr
    assert "Nothing was changed" in errors[0]
    assert (data / "greenchat.db").read_bytes() == before


def test_rehash_and_die_reach_all_nodes(tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text(STAFF, encoding="utf-8")
    words = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), "--nodes", "2", "--config", str(config))
    with started(tmp_path, *words, spare=True) as server:
        pid_of(tmp_path / "d/nodes/2")
        with Client(server.target, "chief") as chief:
            chief.run("OPER root secret")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.errors.read_text(encoding="utf-8").count("SIGHUP reloaded") == 2)
            chief.send("DIE")
            assert server.process.wait(PATIENCE) == 0
    assert not engine_of(tmp_path / "d")


def test_a_stopped_node_stays_off_and_the_others_serve(tmp_path: Path) -> None:
    config, data = tmp_path / "server.toml", tmp_path / "d"
    config.write_text(STAFF, encoding="utf-8")
    words = ("--listen", "127.0.0.1:0", "--data", str(data), "--nodes", "2", "--config", str(config))
    with started(tmp_path, *words, spare=True) as server:
        second = pid_of(data / "nodes/2")
        clients = spread(server)
        clients[0].run("OPER root secret", "DIE node-2")
        wait_until(lambda: not is_running(second))
        staying = [client for client in clients if is_connected(client)]
        assert 0 < len(staying) < 16
        wait_until(lambda: "node-2 was told to stop; it stays off" in server.errors.read_text(encoding="utf-8"))
        for number in range(16):
            with Client(server.target, f"late{number}") as late:
                late.quit()
        server.process.send_signal(signal.SIGUSR2)
        advice = "use `greenchat-server upgrade` to upgrade several nodes"
        wait_until(lambda: advice in server.errors.read_text(encoding="utf-8"))
        with Client(server.target, "chief") as chief:
            chief.run("OPER root secret")
            assert chief.run("DIE node-2")[0].params == ("chief", "node-2", "No such server")
            chief.send("DIE node-1")  # the last one
            assert server.process.wait(PATIENCE) == 0


def test_a_single_node_is_upgraded_though_no_other_takes_its_clients(tmp_path: Path) -> None:
    data = str(tmp_path / "d")
    with family(tmp_path, 1) as server:
        with Client(server.target, "ann") as ann:
            done = run(tmp_path, "upgrade", "--data", data, patience=60)
            expected = f"node-1 was restarted, with greenchat {__version__}; it was {__version__}\n"
            assert (done.returncode, done.stderr, done.stdout) == (0, "", expected)
            assert ann.until_end()[-1].params == ("The server is restarting: connect again",)
        with Client(server.target, "ann") as ann:
            ann.quit()
        assert server.end() == 0


def test_intervals_of_the_configuration_are_used(tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text("[cluster]\npatience = 1.0\nsnapshot = 1.0\n", encoding="utf-8")
    data = tmp_path / "d"
    words = ("--listen", "127.0.0.1:0", "--data", str(data), "--nodes", "1", "--config", str(config))
    with started(tmp_path, *words, spare=True) as server:
        state = data / "nodes/1/greenchat.state"
        before = state.stat().st_mtime_ns
        wait_until(lambda: state.stat().st_mtime_ns != before)  # a snapshot each second
        assert server.end() == 0


def test_a_key_that_needs_a_restart_is_in_force_after_one(tmp_path: Path) -> None:
    """The state is rebuilt from the log with the former settings; the services of a node follow its present file."""
    config = tmp_path / "server.toml"
    words = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), "--nodes", "2", "--config", str(config))
    for enabled, status in ("false", 404), ("true", 401):
        config.write_text(f"[files]\nenabled = {enabled}\n", encoding="utf-8")
        with started(tmp_path, *words, spare=True) as server:
            link = HTTPConnection(*server.target, timeout=PATIENCE)
            link.request("POST", "/files", b"a file")
            assert link.getresponse().status == status
            link.close()
            assert server.end() == 0


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel has no autogroups")
def test_a_node_that_starts_again_lets_the_others_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, "-c", "import time; time.sleep(600)"])
    child = _Child(NodeConfig(name="node-1", log="greenchat", folder="", state="", ports=(), engine=Access(())))

    def niceness() -> str:
        assert child.process
        return Path(f"/proc/{child.process.pid}/autogroup").read_text(encoding="ascii").split()[-1]

    for again, starting in ((0.0, "0"), (time.monotonic(), "5")):
        child.again = again
        child.start()
        process = child.process
        assert process
        try:
            assert niceness() == starting
            reading, writing = os.pipe()
            os.write(writing, b"!")  # what a node writes when it serves
            os.close(writing)
            assert child.ready
            child.ready.close()
            child.ready = os.fdopen(reading, "rb", buffering=0)
            wait_until(lambda: child.look() is None and niceness() == "0")
        finally:
            process.kill()
            process.wait()


def test_killing_the_parent_leaves_no_processes(tmp_path: Path) -> None:
    data = tmp_path / "d"
    with family(tmp_path) as server:
        engine = engine_of(data)
        pids = [pid_of(data), pid_of(data / "nodes/2")]
        with Client(server.target, "bob") as bob:
            bob.join("#a")
            bob.run("PRIVMSG #a :said")
            server.process.kill()
            server.process.wait()
            assert bob.until_end()[-1].command == "ERROR"
        wait_until(lambda: not any(map(is_running, (*pids, engine))))
    with family(tmp_path) as server:
        assert engine_of(data) not in (0, engine)
        with Client(server.target, "ann", caps="batch draft/chathistory") as ann:
            ann.join("#a")
            assert "said" in {m.params[-1] for m in ann.run("CHATHISTORY LATEST #a * 9")}
            ann.quit()
        assert server.end() == 0
