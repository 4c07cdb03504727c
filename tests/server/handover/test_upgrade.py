"""Upgrading a server without a break: real processes, and clients that send numbered messages."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from time import monotonic, sleep
from typing import Any

import pytest

from greenchat.bench.main import main
from greenchat.server.control.client import ControlRefusedError, NoServerError, ask
from greenchat.server.net.certificate import ensure_certificate
from tests.http_client import CLOSE, CONT, TEXT, Frame, WebSocket
from tests.irc import Client, people
from tests.opers import HASH, become_oper
from tests.patience import PATIENCE
from tests.ports import reserved_port
from tests.server.forked import run, started
from tests.server.process import Running, environment

CONFIG = f"""
[[listen]]
address = "127.0.0.1:0"
[throttle]
commands = 0
[connections]
ping_after = 600.0
[classes.admin]
rights = ["rehash", "restart"]
[opers.root]
class = "admin"
password = "{HASH}"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path) as running:
        yield running


@contextmanager
def serving(home: Path, config: str = CONFIG, *words: str, spare: bool = True) -> Iterator[Running]:
    """Start a server; end it and all its successors at the end of the block.

    spare: fork the first successor, too; the second always has a start of its own.
    """
    (home / "server.toml").write_text(config)
    with started(home, "--config", str(home / "server.toml"), *words, spare=spare) as running:
        try:
            yield running
        finally:
            if running.process.poll() is None:
                running.end()


def upgrade(home: Path) -> int:
    """Upgrade the server and return the id of the process that serves now."""
    before = pid_of(home)
    found = ask(data_of(home), "upgrade", 60.0)
    after = pid_of(home)
    assert after == found["pid"] != before
    return after


def data_of(home: Path) -> Path:
    return home / "xdg/greenchat"


def pid_of(home: Path) -> int:
    """Return the id of the process that serves; one that has just taken over may not answer yet."""
    found: int = status(home)["pid"]
    return found


def status(home: Path) -> Mapping[str, Any]:
    deadline = monotonic() + PATIENCE
    while True:
        try:
            found: Mapping[str, Any] = ask(data_of(home), "status")
        except NoServerError:
            if monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            return found


PACE = 0.005  # seconds: clients that talk as fast as they can leave no processor time to the starting process


class Talker(threading.Thread):
    """A client that sends numbers to a channel, each a moment after it has received the previous one, and notes all
    that it receives.
    """

    def __init__(self, server: Running, nick: str) -> None:
        super().__init__()
        self.client = Client(server.target, nick, caps="echo-message message-tags")
        self.client.join("#talk")
        self.nick = nick
        self.received: dict[str, list[int]] = {}
        self.ids: list[str] = []
        self.sent_count = 0
        self.enough = threading.Event()
        self.trouble: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                self.client.send(f"PRIVMSG #talk :{self.sent_count}")
                while self._hear() != self.nick:
                    pass
                self.sent_count += 1
                self.enough.wait(PACE)
        except BaseException as error:
            self.trouble = error

    def _hear(self) -> str:
        message = self.client.expect("PRIVMSG")
        speaker = (message.source or "").partition("!")[0]
        self.received.setdefault(speaker, []).append(int(message.params[1]))
        self.ids.append(message.tags["msgid"])
        return speaker

    def finish(self, counts: dict[str, int]) -> None:
        """Receive all that was sent."""
        while any(len(self.received.get(nick, ())) < count for nick, count in counts.items()):
            self._hear()


@contextmanager
def talking(server: Running, *nicks: str) -> Iterator[list[Talker]]:
    """Run clients that talk all the time; at the end check that each has received every message once, in order."""
    talkers = [Talker(server, nick) for nick in nicks]
    for talker in talkers:
        talker.start()
    try:
        yield talkers
    finally:
        for talker in talkers:
            talker.enough.set()
            talker.join(PATIENCE)
    counts = {talker.nick: talker.sent_count for talker in talkers}
    for talker in talkers:
        assert talker.trouble is None
        talker.finish(counts)
        assert talker.received == {nick: list(range(count)) for nick, count in counts.items()}
        assert talker.ids == talkers[0].ids
        talker.client.close()
    assert all(counts.values())


def test_an_upgrade_is_not_noticed(server: Running, tmp_path: Path) -> None:
    """Two upgrades while clients talk: nothing is lost, doubled or out of order, and there is no JOIN or QUIT."""
    with Client(server.target, "watch") as watch:
        watch.join("#talk")
        with talking(server, "alice", "bob", "carol") as talkers:
            first = upgrade(tmp_path)
            counts = [talker.sent_count for talker in talkers]
            assert upgrade(tmp_path) != first
        assert all(talker.sent_count > before for talker, before in zip(talkers, counts, strict=True))
        assert {message.command for message in watch.sync()} <= {"JOIN", "PRIVMSG", "QUIT"}
    assert server.end() == 0
    assert "Traceback" not in server.errors.read_text()


def test_an_upgrade_with_many_clients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The benchmark counts what is lost, doubled or out of order; `greenchat-bench upgrade` does it with a thousand.

    "1,000 talking clients: longest silence <= 0.5 s": measured in processor time of both processes, since a busy
    machine takes longer for it.
    """
    count = 100
    with serving(tmp_path) as server:
        where = ["--server", f"{server.target[0]}:{server.target[1]}", "--pid", str(server.process.pid)]
        talk = ["--talking", str(count), "--idle", "0", "--seconds", "3"]
        assert main(["upgrade", *talk, *where]) == 0, capsys.readouterr().err
        match = re.search(r"took over (\d+) connections; .* \(([\d.]+) s of work\)", server.errors.read_text())
        assert match
        assert int(match[1]) == count
        assert float(match[2]) < 0.5 * (0.5 + count / 2000)  # half of it is a fixed cost
        server.end()


def test_a_recording_continues_after_an_upgrade(tmp_path: Path) -> None:
    """Also where a client could not be passed on; the recording tells whether the state was handed over unchanged."""
    certificate, _ = ensure_certificate(data_of(tmp_path) / "tls", "greenchat.local", ["localhost", "127.0.0.1", "::1"])
    path = tmp_path / "life"
    with serving(tmp_path, CONFIG + "[tls]\nself_signed = true\n", "--record", str(path)) as server:
        trusting = ssl.create_default_context(cafile=certificate)
        with Client(server.target, "secret", tls=trusting) as secret, talking(server, "alice", "bob"):
            secret.join("#talk")
            upgrade(tmp_path)
            upgrade(tmp_path)
            assert secret.until_end()[-1].command == "ERROR"
        assert server.end() == 0
    done = run(tmp_path, "replay", str(path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "the state is as recorded" in done.stdout
    assert path.read_text().count('["digest",') >= 4


def test_a_signal_while_tls_clients_are_sent_away_ends_both_processes(tmp_path: Path) -> None:
    """The process that its parent knows no longer serves, and its successor ends, too."""
    certificate, _ = ensure_certificate(data_of(tmp_path) / "tls", "greenchat.local", ["localhost", "127.0.0.1", "::1"])
    with serving(tmp_path, CONFIG + "[tls]\nself_signed = true\n") as server:
        trusting = ssl.create_default_context(cafile=certificate)
        with Client(server.target, "secret", tls=trusting):  # it is slow to hang up
            upgrade(tmp_path)
            last = upgrade(tmp_path)
            assert server.end() == 0
            with pytest.raises(ProcessLookupError):
                os.kill(last, 0)


def test_history_continues(server: Running, tmp_path: Path) -> None:
    with people(server.target, "alice", "bob", channel="#talk") as (alice, bob):
        alice.run("PRIVMSG #talk :before")
        upgrade(tmp_path)
        alice.run("PRIVMSG #talk :after")
        texts = [message.params[1] for message in bob.sync() if message.command == "PRIVMSG"]
        assert texts == ["before", "after"]
        bob.send("CAP REQ :batch draft/chathistory message-tags server-time")
        bob.expect("CAP")
        messages = bob.run("CHATHISTORY LATEST #talk * 10")
        assert [m.params[1] for m in messages if m.command == "PRIVMSG"] == ["before", "after"]


def test_unfinished_input_continues(server: Running, tmp_path: Path) -> None:
    """Half a line, an open batch, a MONITOR list, and a client with half of its registration."""
    with (
        Client(server.target, "alice", caps="batch draft/multiline message-tags labeled-response") as alice,
        Client(server.target, "bob", caps="batch draft/multiline message-tags") as bob,
        Client(server.target) as carol,
    ):
        for client in alice, bob:
            client.join("#talk")
        bob.run("MONITOR + carol")
        alice.run("BATCH +b draft/multiline #talk", "@batch=b PRIVMSG #talk :one")
        carol.run("NICK carol", "PING x")
        bob.send_raw(b"PRIVMSG #talk :ha")
        upgrade(tmp_path)
        bob.send_raw(b"lf\r\n")
        assert alice.expect("PRIVMSG").params[1] == "half"
        alice.run("@batch=b PRIVMSG #talk :two", "BATCH -b")
        assert bob.expect("PRIVMSG").params[1] == "one"
        assert bob.expect("PRIVMSG").params[1] == "two"
        carol.send("USER carol 0 * :Carol")
        carol.until("376", "422")
        assert bob.expect("730").params[1].startswith("carol!")


def test_an_unfinished_login_is_aborted(server: Running, tmp_path: Path) -> None:
    """SASL: "906 ERR_SASLABORTED :SASL authentication aborted"."""
    with Client(server.target) as alice:
        alice.send("CAP LS 302", "CAP REQ :sasl", "NICK alice", "AUTHENTICATE PLAIN")
        alice.expect("AUTHENTICATE")
        upgrade(tmp_path)
        assert alice.expect("906")
        alice.send("AUTHENTICATE PLAIN")
        assert alice.expect("AUTHENTICATE").params == ("+",)


def test_throttled_lines_are_kept(tmp_path: Path) -> None:
    config = CONFIG.replace("commands = 0", "commands = 50\nburst = 10\nnewcomer_burst = 10")
    with serving(tmp_path, config) as server, people(server.target, "alice", "bob", channel="#talk") as (alice, bob):
        bob.sync()
        alice.send(*[f"PRIVMSG #talk :{number}" for number in range(200)])
        upgrade(tmp_path)
        messages = [int(bob.expect("PRIVMSG").params[1]) for _ in range(200)]
        assert messages == list(range(200))


def test_a_slow_reader_gets_everything(tmp_path: Path) -> None:
    config = CONFIG.replace("[connections]", "[connections]\nsendq = 100_000_000")
    with serving(tmp_path, config) as server, people(server.target, "alice", "slow", channel="#talk") as (alice, slow):
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        count = 20_000
        for start in range(0, count, 1000):
            alice.run(*[f"PRIVMSG #talk :{number} {'x' * 300}" for number in range(start, start + 1000)])
        waits = status(tmp_path)["sendq"]
        assert waits > 1_000_000
        upgrade(tmp_path)
        for number in range(count):
            assert slow.expect("PRIVMSG").params[1].startswith(f"{number} ")


def test_plain_text_and_websockets_continue(server: Running, tmp_path: Path) -> None:
    """Also in the middle of a name, of a text, and of a frame."""
    with ExitStack() as stack:
        alice = stack.enter_context(Client(server.target, "alice"))
        alice.join("#lobby")
        dan, eve = (stack.enter_context(socket.create_connection(server.target, timeout=PATIENCE)) for _ in range(2))
        dan.sendall(b"dan\n")
        assert alice.expect("JOIN").nick == "dan"
        browser = stack.enter_context(WebSocket(server.target))
        browser.send(browser.frame(TEXT, b"NICK web") + browser.frame(TEXT, b"USER web 0 * :Web"))
        browser.send(browser.frame(TEXT, b"JOIN #lobby"))
        assert alice.expect("JOIN").nick == "web"
        assert eve.recv(100) == b"NICK"
        dan.sendall(b"good mor")
        whole = browser.frame(TEXT, b"PRIVMSG #lobby ", final=False) + browser.frame(CONT, b":in two parts")
        browser.send(whole[: len(whole) - 5])
        upgrade(tmp_path)
        dan.sendall(b"ning\n")
        assert alice.expect("PRIVMSG").params == ("#lobby", "good morning")
        browser.send(whole[len(whole) - 5 :])
        assert alice.expect("PRIVMSG").params == ("#lobby", "in two parts")
        eve.sendall(b"eve\n")
        assert alice.expect("JOIN").nick == "eve"
        alice.run("PRIVMSG #lobby :hello all")
        for plain in dan, eve:
            text = b""
            while b"hello all" not in text:
                text += plain.recv(4096)
        upgrade(tmp_path)
        eve.sendall(b"still here\n")
        assert alice.expect("PRIVMSG").params == ("#lobby", "still here")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda config, _: config + "nonsense = 1\n", "nonsense: there is no such key"),
        (lambda config, _: 'casemapping = "ascii"\n' + config, "casemapping: a change needs a restart"),
        (lambda config, taken: config.replace("[throttle]", f'[[listen]]\naddress = "{taken}"\n[throttle]'), "another"),
    ],
)
def test_a_failing_new_process_leaves_the_old_one_serving(
    server: Running, tmp_path: Path, change: object, why: str
) -> None:
    """The new process fails before it is ready, or after it has received the state and all sockets."""
    assert callable(change)
    file = tmp_path / "server.toml"
    pid = pid_of(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken, talking(server, "alice", "bob") as talkers:
        file.write_text(change(CONFIG, f"127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(ControlRefusedError, match=why) as refused:
            upgrade(tmp_path)
        assert str(refused.value).startswith("the server was not changed: ")
        assert pid_of(tmp_path) == pid
        before = [talker.sent_count for talker in talkers]
        file.write_text(CONFIG)
        assert upgrade(tmp_path) != pid
    assert all(talker.sent_count > count for talker, count in zip(talkers, before, strict=True))
    assert "Traceback" not in server.errors.read_text()


def test_a_killed_new_process_leaves_the_old_one_serving(tmp_path: Path) -> None:
    with serving(tmp_path, spare=False) as server, Client(server.target, "alice") as alice:
        asking = subprocess.Popen(
            [sys.executable, "bin/greenchat-server", "upgrade"],
            env=environment(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
        )
        while not (children := _children(server.process.pid)):
            alice.sync()
        subprocess.run(["kill", "-KILL", str(children[0])], check=True)
        _, output = asking.communicate(timeout=PATIENCE)
        assert "the server was not changed: the new process exited with code -9" in output
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
        assert upgrade(tmp_path)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_restart_and_sigusr2_upgrade(server: Running, tmp_path: Path) -> None:
    with people(server.target, "alice", "bob", channel="#talk") as (alice, bob):
        become_oper(alice).run("MODE alice +s")
        first = pid_of(tmp_path)
        alice.send("RESTART")
        while "was upgraded from" not in alice.expect("NOTICE").params[1]:
            pass
        second = pid_of(tmp_path)
        assert second != first
        server.process.send_signal(signal.SIGUSR2)  # which the first process passes on
        while "was upgraded from" not in alice.expect("NOTICE").params[1]:
            pass
        assert pid_of(tmp_path) not in (first, second)
        alice.run("PRIVMSG #talk :here")
        assert [m.params[1] for m in bob.sync() if m.command == "PRIVMSG"] == ["here"]


def test_restart_restarts_where_an_upgrade_is_impossible(tmp_path: Path) -> None:
    with (
        reserved_port() as port,
        serving(tmp_path, config := CONFIG.replace("127.0.0.1:0", f"127.0.0.1:{port}")) as server,
    ):
        with Client(server.target, "alice") as alice:
            become_oper(alice)
            (tmp_path / "server.toml").write_text('casemapping = "ascii"\n' + config)
            alice.send("RESTART")
            assert alice.until_end()[-1].params == ("The server is being restarted by alice",)
        assert server.process.stdout
        assert any(line.startswith("Data is kept") for line in server.process.stdout)
        with Client(server.target, "alice") as alice:
            isupport = [word for m in alice.run("VERSION") if m.command == "005" for word in m.params]
            assert "CASEMAPPING=ascii" in isupport


def test_systemd_is_told_the_main_process(tmp_path: Path) -> None:
    """sd_notify(3): "MAINPID=... Change the main process ID (PID) of the service."."""
    notifications: Queue[str] = Queue()

    def hear(expected: socket.socket) -> None:
        while "STOPPING=1" not in notifications.queue:
            notifications.put(expected.recv(100).decode())

    def wait_for(*texts: str) -> None:
        """Wait until all of them were received, in any order: two processes report at the end of an upgrade."""
        missing, deadline = set(texts), time.monotonic() + PATIENCE
        while missing:
            missing.discard(notifications.get(timeout=max(0.0, deadline - time.monotonic())))

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
        notify_socket.bind(str(tmp_path / "notify"))
        notify_socket.settimeout(PATIENCE)
        hearing = threading.Thread(target=hear, args=(notify_socket,))
        hearing.start()
        (tmp_path / "server.toml").write_text(CONFIG)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "500000"}
        with started(tmp_path, "--config", str(tmp_path / "server.toml"), env=env, spare=True) as server:
            wait_for("READY=1")
            successor = upgrade(tmp_path)
            try:
                assert server.process.wait(PATIENCE) == 0
                wait_for(f"MAINPID={successor}", "READY=1")
                wait_for("WATCHDOG=1")  # the new process answers the watchdog now
            finally:
                subprocess.run(["kill", str(successor)], check=True)
            hearing.join(PATIENCE)
            assert not hearing.is_alive()


def test_tls_clients_are_told_to_reconnect(tmp_path: Path) -> None:
    """Their users don't leave; the other clients stay connected. A guest gets the nick back from the same address."""
    certificate, _ = ensure_certificate(data_of(tmp_path) / "tls", "greenchat.local", ["localhost", "127.0.0.1", "::1"])
    trusting = ssl.create_default_context(cafile=certificate)
    with (
        serving(tmp_path, CONFIG + "[tls]\nself_signed = true\n") as server,
        people(server.target, "alice", channel="#talk") as (alice,),
        Client(server.target, "bob", tls=trusting) as bob,
        WebSocket(server.target, tls=trusting) as browser,
    ):
        bob.join("#talk")
        browser.send(browser.frame(TEXT, b"NICK web") + browser.frame(TEXT, b"USER web 0 * :Web"))
        browser.send(browser.frame(TEXT, b"JOIN #talk"))
        assert [alice.expect("JOIN").nick for _ in range(2)] == ["bob", "web"]
        bob.sync()
        upgrade(tmp_path)
        assert bob.until_end()[-1].params == ("The server was upgraded; connect again",)
        frames: list[Frame] = []
        while not frames or frames[-1].opcode != CLOSE:
            frames.append(browser.read_frame())
        assert frames[-2].payload == b"ERROR :The server was upgraded; connect again"
        assert frames[-1].code == 1012  # "Service Restart": the registry of RFC 6455 at IANA
        names = [message.params[-1] for message in alice.run("NAMES #talk") if message.command == "353"]
        assert "bob" in names[0]
        alice.run("PRIVMSG #talk :still here")
        with Client(server.target, "bob", tls=trusting) as again:
            again.join("#talk")
            came = [(message.command, message.nick) for message in alice.sync()]
            assert came == [("QUIT", "bob"), ("JOIN", "bob")]


def test_a_guest_resumes_by_token(tmp_path: Path) -> None:
    """Also over TLS the absence is not seen."""
    certificate, _ = ensure_certificate(data_of(tmp_path) / "tls", "greenchat.local", ["localhost", "127.0.0.1", "::1"])
    trusting = ssl.create_default_context(cafile=certificate)
    with (
        serving(tmp_path, CONFIG + "[tls]\nself_signed = true\n") as server,
        Client(server.target, tls=trusting) as bob,
        Client(server.target, "alice") as alice,
    ):
        bob.send("CAP REQ :greenchat/resume", "NICK bob", "USER bob 0 * :Bob", "CAP END")
        token = bob.expect("RESUME").params[0]
        bob.until("376", "422")
        for client in bob, alice:
            client.join("#talk")
        upgrade(tmp_path)
        bob.until_end()
        alice.run("PRIVMSG #talk :where are you?")
        with Client(server.target, tls=trusting) as again:
            again.send(f"RESUME {token}", "NICK bob", "USER bob 0 * :Bob")
            assert again.expect("JOIN").params == ("#talk",)
            assert [m.params[1] for m in again.sync() if m.command == "PRIVMSG"] == ["where are you?"]
            again.run("MODE #talk +m")
            assert alice.expect("MODE").params == ("#talk", "+m")
            again.run("PRIVMSG #talk :here")
            assert [message.command for message in alice.sync()] == ["PRIVMSG"]


def test_two_signals_make_one_upgrade(tmp_path: Path) -> None:
    """Also while the new process does not handle signals yet."""
    with serving(tmp_path, spare=False) as server, Client(server.target, "alice") as alice:
        before = pid_of(tmp_path)
        for _ in range(3):
            server.process.send_signal(signal.SIGUSR2)
        deadline = monotonic() + PATIENCE
        while pid_of(tmp_path) == before:
            assert monotonic() < deadline
            sleep(0.05)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
        assert upgrade(tmp_path)


def test_a_failed_upgrade_can_be_repeated(server: Running, tmp_path: Path) -> None:
    """As often as necessary."""
    (tmp_path / "server.toml").write_text("nonsense = 1")
    with Client(server.target, "alice") as alice:
        for _ in range(2):
            with pytest.raises(ControlRefusedError, match="nonsense"):
                upgrade(tmp_path)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
        (tmp_path / "server.toml").write_text(CONFIG)
        upgrade(tmp_path)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
