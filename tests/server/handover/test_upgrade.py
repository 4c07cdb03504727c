"""An upgrade without a break: real processes, and clients that number what they say."""

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
from tests.patience import PATIENCE
from tests.ports import reserved_port
from tests.server.forked import run, started
from tests.server.process import Running, environment
from tests.staff import HASH, become

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
    """A server, and none of those that come after it is left at the end.

    spare: the first of those is forked, too; the second always has a start of its own.
    """
    (home / "server.toml").write_text(config)
    with started(home, "--config", str(home / "server.toml"), *words, spare=spare) as running:
        try:
            yield running
        finally:
            if running.process.poll() is None:
                running.end()


def upgrade(home: Path) -> int:
    """Have it upgraded, and return the id of the process that serves now."""
    before = pid_of(home)
    found = ask(data_of(home), "upgrade", 60.0)
    after = pid_of(home)
    assert after == found["pid"] != before
    return after


def data_of(home: Path) -> Path:
    return home / "xdg/greenchat"


def pid_of(home: Path) -> int:
    """Of the process that serves; one that has just taken over may not be asked yet."""
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


PACE = 0.005  # seconds: whoever talks as fast as it can leaves no processor to the process that starts


class Talker(threading.Thread):
    """Says numbers in a channel, one a moment after it has heard the one before, and writes down all that it hears."""

    def __init__(self, server: Running, nick: str) -> None:
        super().__init__()
        self.client = Client(server.target, nick, caps="echo-message message-tags")
        self.client.join("#talk")
        self.nick = nick
        self.heard: dict[str, list[int]] = {}
        self.ids: list[str] = []
        self.said = 0
        self.enough = threading.Event()
        self.trouble: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                self.client.send(f"PRIVMSG #talk :{self.said}")
                while self._hear() != self.nick:
                    pass
                self.said += 1
                self.enough.wait(PACE)
        except BaseException as error:
            self.trouble = error

    def _hear(self) -> str:
        message = self.client.expect("PRIVMSG")
        speaker = (message.source or "").partition("!")[0]
        self.heard.setdefault(speaker, []).append(int(message.params[1]))
        self.ids.append(message.tags["msgid"])
        return speaker

    def finish(self, said: dict[str, int]) -> None:
        """Hear all that was said."""
        while any(len(self.heard.get(nick, ())) < count for nick, count in said.items()):
            self._hear()


@contextmanager
def talking(server: Running, *nicks: str) -> Iterator[list[Talker]]:
    """People who talk all the time; in the end each has heard all that each has said, once and in its order."""
    talkers = [Talker(server, nick) for nick in nicks]
    for talker in talkers:
        talker.start()
    try:
        yield talkers
    finally:
        for talker in talkers:
            talker.enough.set()
            talker.join(PATIENCE)
    said = {talker.nick: talker.said for talker in talkers}
    for talker in talkers:
        assert talker.trouble is None
        talker.finish(said)
        assert talker.heard == {nick: list(range(count)) for nick, count in said.items()}
        assert talker.ids == talkers[0].ids
        talker.client.close()
    assert all(said.values())


def test_nobody_notices(server: Running, tmp_path: Path) -> None:
    """Upgraded twice while people talk: nothing is lost, said twice, or out of order, and nobody comes or goes."""
    with Client(server.target, "watch") as watch:
        watch.join("#talk")
        with talking(server, "alice", "bob", "carol") as talkers:
            first = upgrade(tmp_path)
            said = [talker.said for talker in talkers]
            assert upgrade(tmp_path) != first
        assert all(talker.said > before for talker, before in zip(talkers, said, strict=True))
        assert {message.command for message in watch.sync()} <= {"JOIN", "PRIVMSG", "QUIT"}
    assert server.end() == 0
    assert "Traceback" not in server.errors.read_text()


def test_a_crowd_talks_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bench finds whatever is lost, doubled or out of order; `greenchat-bench upgrade` does it with a thousand.

    "1,000 talking clients: longest silence <= 0.5 s": by the processor time that both processes use while nobody is
    served, since a machine with much else to do takes longer for it.
    """
    count = 100
    with serving(tmp_path) as server:
        where = ["--server", f"{server.target[0]}:{server.target[1]}", "--pid", str(server.process.pid)]
        talk = ["--talking", str(count), "--idle", "0", "--seconds", "3"]
        assert main(["upgrade", *talk, *where]) == 0, capsys.readouterr().err
        told = re.search(r"took over (\d+) connections; .* \(([\d.]+) s of work\)", server.errors.read_text())
        assert told
        assert int(told[1]) == count
        assert float(told[2]) < 0.5 * (0.5 + count / 2000)  # half of it whatever their number is
        server.end()


def test_a_recording_goes_on(tmp_path: Path) -> None:
    """Also where somebody could not come along; and it tells whether the state was handed over as it was."""
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


def test_it_ends_when_it_is_told_to_while_clients_of_tls_are_sent_away(tmp_path: Path) -> None:
    """The process that a parent knows is not the server any more, and the one to which it has given ended, too."""
    certificate, _ = ensure_certificate(data_of(tmp_path) / "tls", "greenchat.local", ["localhost", "127.0.0.1", "::1"])
    with serving(tmp_path, CONFIG + "[tls]\nself_signed = true\n") as server:
        trusting = ssl.create_default_context(cafile=certificate)
        with Client(server.target, "secret", tls=trusting):  # it is in no hurry to hang up
            upgrade(tmp_path)
            last = upgrade(tmp_path)
            assert server.end() == 0
            with pytest.raises(ProcessLookupError):
                os.kill(last, 0)


def test_history_goes_on(server: Running, tmp_path: Path) -> None:
    with people(server.target, "alice", "bob", channel="#talk") as (alice, bob):
        alice.run("PRIVMSG #talk :before")
        upgrade(tmp_path)
        alice.run("PRIVMSG #talk :after")
        heard = [message.params[1] for message in bob.sync() if message.command == "PRIVMSG"]
        assert heard == ["before", "after"]
        bob.send("CAP REQ :batch draft/chathistory message-tags server-time")
        bob.expect("CAP")
        told = bob.run("CHATHISTORY LATEST #talk * 10")
        assert [m.params[1] for m in told if m.command == "PRIVMSG"] == ["before", "after"]


def test_what_was_begun_goes_on(server: Running, tmp_path: Path) -> None:
    """Half a line, an open batch, a list of MONITOR, somebody who has said only half of who they are."""
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


def test_who_logs_in_is_told_to_begin_again(server: Running, tmp_path: Path) -> None:
    """SASL: "906 ERR_SASLABORTED :SASL authentication aborted"."""
    with Client(server.target) as alice:
        alice.send("CAP LS 302", "CAP REQ :sasl", "NICK alice", "AUTHENTICATE PLAIN")
        alice.expect("AUTHENTICATE")
        upgrade(tmp_path)
        assert alice.expect("906")
        alice.send("AUTHENTICATE PLAIN")
        assert alice.expect("AUTHENTICATE").params == ("+",)


def test_lines_that_wait_for_the_throttle_are_kept(tmp_path: Path) -> None:
    config = CONFIG.replace("commands = 0", "commands = 50\nburst = 10\nnewcomer_burst = 10")
    with serving(tmp_path, config) as server, people(server.target, "alice", "bob", channel="#talk") as (alice, bob):
        bob.sync()
        alice.send(*[f"PRIVMSG #talk :{number}" for number in range(200)])
        upgrade(tmp_path)
        heard = [int(bob.expect("PRIVMSG").params[1]) for _ in range(200)]
        assert heard == list(range(200))


def test_who_reads_slowly_gets_all_of_it(tmp_path: Path) -> None:
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


def test_plain_text_and_websockets_go_on(server: Running, tmp_path: Path) -> None:
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
def test_a_new_process_that_fails_leaves_the_old_one_serving(
    server: Running, tmp_path: Path, change: object, why: str
) -> None:
    """Before it is ready, and after it has got all of the state and every socket."""
    assert callable(change)
    file = tmp_path / "server.toml"
    pid = pid_of(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken, talking(server, "alice", "bob") as talkers:
        file.write_text(change(CONFIG, f"127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(ControlRefusedError, match=why) as refused:
            upgrade(tmp_path)
        assert str(refused.value).startswith("the server was not changed: ")
        assert pid_of(tmp_path) == pid
        before = [talker.said for talker in talkers]
        file.write_text(CONFIG)
        assert upgrade(tmp_path) != pid
    assert all(talker.said > count for talker, count in zip(talkers, before, strict=True))
    assert "Traceback" not in server.errors.read_text()


def test_a_new_process_that_is_killed_leaves_the_old_one_serving(tmp_path: Path) -> None:
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
        _, told = asking.communicate(timeout=PATIENCE)
        assert "the server was not changed: the new process exited with code -9" in told
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
        assert upgrade(tmp_path)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_restart_and_the_signal_do_the_same(server: Running, tmp_path: Path) -> None:
    with people(server.target, "alice", "bob", channel="#talk") as (alice, bob):
        become(alice).run("MODE alice +s")
        first = pid_of(tmp_path)
        alice.send("RESTART")
        while "was upgraded from" not in alice.expect("NOTICE").params[1]:
            pass
        second = pid_of(tmp_path)
        assert second != first
        server.process.send_signal(signal.SIGUSR2)  # which whoever stands in for it passes on
        while "was upgraded from" not in alice.expect("NOTICE").params[1]:
            pass
        assert pid_of(tmp_path) not in (first, second)
        alice.run("PRIVMSG #talk :here")
        assert [m.params[1] for m in bob.sync() if m.command == "PRIVMSG"] == ["here"]


def test_restart_still_restarts_where_only_that_will_do(tmp_path: Path) -> None:
    with (
        reserved_port() as port,
        serving(tmp_path, config := CONFIG.replace("127.0.0.1:0", f"127.0.0.1:{port}")) as server,
    ):
        with Client(server.target, "alice") as alice:
            become(alice)
            (tmp_path / "server.toml").write_text('casemapping = "ascii"\n' + config)
            alice.send("RESTART")
            assert alice.until_end()[-1].params == ("The server is being restarted by alice",)
        assert server.process.stdout
        assert any(line.startswith("Data is kept") for line in server.process.stdout)
        with Client(server.target, "alice") as alice:
            isupport = [word for m in alice.run("VERSION") if m.command == "005" for word in m.params]
            assert "CASEMAPPING=ascii" in isupport


def test_systemd_is_told_whom_to_watch(tmp_path: Path) -> None:
    """sd_notify(3): "MAINPID=... Change the main process ID (PID) of the service."."""
    heard: Queue[str] = Queue()

    def hear(told: socket.socket) -> None:
        while "STOPPING=1" not in heard.queue:
            heard.put(told.recv(100).decode())

    def wait_for(*texts: str) -> None:
        """Wait until all of them were said, in any order: two processes speak at the end of an upgrade."""
        missing, deadline = set(texts), time.monotonic() + PATIENCE
        while missing:
            missing.discard(heard.get(timeout=max(0.0, deadline - time.monotonic())))

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(PATIENCE)
        hearing = threading.Thread(target=hear, args=(told,))
        hearing.start()
        (tmp_path / "server.toml").write_text(CONFIG)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "500000"}
        with started(tmp_path, "--config", str(tmp_path / "server.toml"), env=env, spare=True) as server:
            wait_for("READY=1")
            successor = upgrade(tmp_path)
            try:
                assert server.process.wait(PATIENCE) == 0
                wait_for(f"MAINPID={successor}", "READY=1")
                wait_for("WATCHDOG=1")  # the watchdog is its business now
            finally:
                subprocess.run(["kill", str(successor)], check=True)
            hearing.join(PATIENCE)
            assert not hearing.is_alive()


def test_who_came_through_tls_is_told_to_come_back(tmp_path: Path) -> None:
    """Nobody sees them leave; the others stay. From the same address a guest has their nick again."""
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


def test_a_guest_goes_on_by_their_token(tmp_path: Path) -> None:
    """Through TLS, too, nobody sees that somebody was away."""
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


def test_two_signals_at_once_are_one_upgrade(tmp_path: Path) -> None:
    """Also while the new process does not listen to them yet."""
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


def test_who_has_failed_can_try_again(server: Running, tmp_path: Path) -> None:
    """A failed upgrade can be tried again as often as one likes."""
    (tmp_path / "server.toml").write_text("nonsense = 1")
    with Client(server.target, "alice") as alice:
        for _ in range(2):
            with pytest.raises(ControlRefusedError, match="nonsense"):
                upgrade(tmp_path)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
        (tmp_path / "server.toml").write_text(CONFIG)
        upgrade(tmp_path)
        assert alice.commands("PRIVMSG alice :hello") == ["PRIVMSG"]
