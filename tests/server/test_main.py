"""The command line, signals, and the end of the server, with real processes."""

import hashlib
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from greenchat import __version__
from greenchat.config.file import Config, parse
from greenchat.server.main import main
from greenchat.values.passwords import verify_password
from tests.irc import Client, people
from tests.opers import HASH, become_oper
from tests.patience import PATIENCE
from tests.ports import reserved_port
from tests.server import forked
from tests.server.process import ROOT, SCRIPT, environment, run, started

ANYWHERE = ("--listen", "127.0.0.1:0")


def test_help_and_version_do_not_load_gevent(tmp_path: Path) -> None:
    for option, expected in ("--version", f"greenchat {__version__}"), ("--help", "--listen [HOST]:PORT"):
        code = (
            f"import sys; from greenchat.server.main import main\ntry: main(['{option}'])\n"
            "finally: sys.exit(1 if 'gevent' in sys.modules else 0)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        assert expected in ended.stdout


def test_the_printed_configuration_is_the_default(tmp_path: Path) -> None:
    printed = run(tmp_path, "--print-config")
    assert printed.returncode == 0
    assert parse(tomllib.loads(printed.stdout), folder=tmp_path) == Config()


@pytest.mark.parametrize("command", ["--print-config", "print-unit", "print-dashboard", "hash-password"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_for_the_output_is_one_line(tmp_path: Path, command: str, unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, *SCRIPT, command],
            env={**environment(tmp_path), "PYTHONUNBUFFERED": unbuffered},
            input="open sesame\n",
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    *warnings, last = ended.stderr.splitlines()
    assert last == "greenchat-server: can't write to standard output: No space left on device"
    assert all("warning: " in line for line in warnings)
    assert ended.returncode == 2


def test_hash_password(tmp_path: Path) -> None:
    ended = run(tmp_path, "hash-password", stdin="open sesame\n")
    assert ended.returncode == 0
    assert verify_password("open sesame", ended.stdout.strip())
    assert forked.run(tmp_path, "hash-password", stdin="open sesame\n").stdout != ended.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--listen", "9090"), "argument --listen: '9090' is not [HOST]:PORT, as in 127.0.0.1:9090, [::1]:9090"),
        (
            ("--listen", "127.0.0.1:65536"),
            "argument --listen: '127.0.0.1:65536': 65536 is not a port number (0 to 65535)",
        ),
        (
            ("--listen", "nowhere.invalid:0"),
            "can't listen on nowhere.invalid:0: the name of the host can't be resolved",
        ),
        (("--lisden=:1",), "unrecognized arguments: --lisden=:1; see --help"),
        (("--lisden", ":1"), "unrecognized arguments: --lisden; see --help"),
        (("serve",), "there is no command 'serve'"),
        (("statsu",), "there is no command 'statsu' (did you mean 'status'?); see --help"),
        (("--config", "missing.toml"), "can't read the configuration file missing.toml: No such file or directory"),
        (("--config", "{home}/wrong.toml"), "{home}/wrong.toml: nmae: there is no such key; did you mean name?"),
        (
            ("--config", "{home}/bare.toml"),
            "{home}/bare.toml: Invalid value (at line 1, column 8): a string needs quotes",
        ),
        (("--config", "{home}/twice.toml"), "{home}/twice.toml: Cannot overwrite a value (at "),
        (
            ("--config", "{home}/open.toml"),
            "{home}/open.toml: Illegal character '\\n' (at line 1, column 10): a string must end",
        ),
        (("--config", "{home}/latin.toml"), "{home}/latin.toml: not UTF-8: save it as UTF-8"),
        (("--config", "{home}/cert.toml"), "tls: can't read {home}/cert.pem: No such file or directory"),
        (("--data", "{home}/wrong.toml"), "can't create the data folder {home}/wrong.toml: File exists"),
        (("--data", "{home}/wrong.toml/x"), "can't create the data folder {home}/wrong.toml/x: Not a directory"),
        (("--config", "{home}/log.toml"), "can't write the log {home}/missing/log: No such file or directory"),
    ],
)
def test_wrong_arguments_and_configurations_are_one_line(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "wrong.toml").write_text("nmae = 'irc.example.org'")
    (tmp_path / "bare.toml").write_text("name = irc.example.org")
    (tmp_path / "twice.toml").write_text("name = 'a.b'\nname = 'a.b'\n")
    (tmp_path / "open.toml").write_text('name = "a\n"')
    (tmp_path / "latin.toml").write_bytes(b"network = 'caf\xe9'")
    (tmp_path / "cert.toml").write_text("[tls]\ncertificate = 'cert.pem'\nkey = 'key.pem'")
    (tmp_path / "log.toml").write_text("[log]\nfile = 'missing/log'")
    ended = forked.run(tmp_path, *[argument.format(home=tmp_path) for argument in arguments])
    assert ended.returncode == 2
    assert ended.stderr.startswith("greenchat-server: " + reason.format(home=tmp_path))
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_the_data_folder_of_another_user_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)  # root may write everywhere
    monkeypatch.setattr("greenchat.server.main.keep_private", lambda: None)
    assert main(["status", "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"greenchat-server: can't write to the data folder {tmp_path}: run this as its owner, or choose another"
        f" folder with --data\n"
    )


def test_an_address_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = forked.run(tmp_path, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert ended.returncode == 2
    assert "another program is already listening there; choose another address with --listen\n" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_two_servers_side_by_side(tmp_path: Path) -> None:
    with (
        forked.started(tmp_path, *ANYWHERE, *ANYWHERE, "--data", str(tmp_path / "one")) as one,
        forked.started(tmp_path, *ANYWHERE, "--data", str(tmp_path / "two")) as two,
    ):
        assert len(set(one.addresses + two.addresses)) == 3
        for address in one.addresses + two.addresses:
            with Client(address, "alice") as alice:
                alice.join("#lobby")
                alice.send("QUIT")
                alice.until_end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """Every client is told, also unregistered ones, and a stuck client does not delay the end."""
    with forked.started(tmp_path, *ANYWHERE, "--config", str(_unhurried(tmp_path))) as server:
        with (
            people(server.target, "alice", "stuck", channel="#lobby") as (alice, stuck),
            Client(server.target) as other,
        ):
            other.run("PING x")
            _fill(alice, stuck)
            server.process.send_signal(number)
            for client in alice, other:
                assert client.expect("ERROR").params == ("The server is shutting down",)
                client.close()
            assert server.process.wait(PATIENCE) == 0  # after close_timeout
        assert "Traceback" not in server.errors.read_text()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with (
        forked.started(tmp_path, *ANYWHERE, "--config", str(_unhurried(tmp_path))) as server,
        people(server.target, "alice", "stuck", channel="#lobby") as (alice, stuck),
    ):
        _fill(alice, stuck)
        server.process.send_signal(signal.SIGINT)
        alice.expect("ERROR")
        time.sleep(0.2)  # signals that arrive together count as one, see below
        assert server.end(signal.SIGINT) == 130


def test_signals_that_arrive_together_are_one(tmp_path: Path) -> None:
    """PR_SET_PDEATHSIG is sent for each thread of a dying parent, for example a client that had started a server."""
    with started(tmp_path, *ANYWHERE) as server, Client(server.target, "alice") as alice:
        server.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.process.pid, os.WSTOPPED)
        for number in (signal.SIGTERM, signal.SIGINT):  # the kernel merges equal signals
            server.process.send_signal(number)
        assert server.end(signal.SIGCONT) == 0
        assert alice.expect("ERROR").params == ("The server is shutting down",)


def _unhurried(folder: Path) -> Path:
    file = folder / "unhurried.toml"
    file.write_text("[throttle]\ncommands = 0\n[connections]\nsendq = 100_000_000")
    return file


def _fill(speaker: Client, stuck: Client) -> None:
    """Send more to a client that does not read than the kernel buffers."""
    stuck.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(30):
        speaker.run(*["PRIVMSG stuck :" + "x" * 400] * 30)


def test_sighup_reloads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(_config("first"))
    with forked.started(tmp_path, "--config", str(file)) as server, Client(server.target, "alice") as alice:
        become_oper(alice)
        file.write_text(_config("second"))
        server.process.send_signal(signal.SIGHUP)
        assert alice.expect("NOTICE").params[1] == "*** SIGHUP reloaded the configuration"
        assert [m.params[1] for m in alice.run("MOTD") if m.command == "372"] == ["- second"]
        file.write_text("motd = 5")
        server.process.send_signal(signal.SIGHUP)
        assert alice.expect("NOTICE").params[1] == (
            "*** SIGHUP tried to reload the configuration, which was not changed:"
            f" {file}: motd: must be a list, not a number"
        )
        assert [m.params[1] for m in alice.run("MOTD") if m.command == "372"] == ["- second"]


def test_restart_uses_the_new_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    with reserved_port() as port:
        file.write_text(_config("first", port))
        with forked.started(tmp_path, "--config", str(file), spare=True) as server:
            with Client(server.target, "alice") as alice:
                become_oper(alice)
                file.write_text(_config("second", port))
                alice.run("MODE alice +s", "RESTART")
                while "was upgraded from" not in alice.expect("NOTICE").params[1]:
                    pass
                assert [m.params[1] for m in alice.run("MOTD") if m.command == "372"] == ["- second"]
            assert server.end() == 0


def test_a_log_file_replaces_standard_error(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(_config("x") + "[log]\nfile = 'server.log'\nlevel = 'debug'\n")
    with forked.started(tmp_path, "--config", str(file)) as server:
        with Client(server.target, "alice") as alice:
            become_oper(alice).run("REHASH")
        server.end()
        assert "alice reloaded the configuration" in (tmp_path / "server.log").read_text()
        assert server.errors.read_text() == ""


@pytest.mark.parametrize(("host", "warns"), [("0.0.0.0", True), ("127.0.0.1", False), ("", True)])
def test_a_public_listener_without_tls_is_warned_of(tmp_path: Path, host: str, warns: bool) -> None:
    with forked.started(tmp_path, "--listen", f"{host}:0") as server:
        server.end()
        assert ("has no TLS" in server.errors.read_text()) is warns


def _config(motd: str, port: int = 0) -> str:
    return f"""
motd = ["{motd}"]
[[listen]]
address = "127.0.0.1:{port}"
[classes.admin]
rights = ["rehash", "restart"]
[opers.root]
class = "admin"
password = "{HASH}"
"""


def test_a_self_signed_certificate_is_kept(tmp_path: Path) -> None:
    """The second start shows the same fingerprint, so clients that trusted it on first use see no change."""
    shown = []
    for _ in range(2):
        with forked.started(tmp_path, *ANYWHERE, "--tls") as server:
            context = ssl.create_default_context(cafile=next(tmp_path.rglob("cert.pem")))
            with Client(server.target, "alice", tls=context) as alice, Client(server.target, "bob") as bob:
                assert alice.sync() == bob.sync() == []
                der = alice.sock.getpeercert(binary_form=True) if isinstance(alice.sock, ssl.SSLSocket) else None
            assert der
            shown.append(hashlib.sha256(der).hexdigest().upper())
            assert shown[-1] in server.output.replace(":", "")
    assert shown[0] == shown[1]
    assert next(tmp_path.rglob("key.pem")).stat().st_mode & 0o777 == 0o600


def test_a_password_is_prompted_for_twice_without_echo(tmp_path: Path) -> None:
    for again, code in ("open sesame", 0), ("open sesam", 2):
        terminal = PtyProcess.spawn(
            [sys.executable, str(ROOT / "bin/greenchat-server"), "hash-password"], env=environment(tmp_path), echo=True
        )
        try:
            shown = _read_until(terminal, b"Password: ")
            terminal.write(b"open sesame\n")
            shown += _read_until(terminal, b"Repeat the password: ")
            terminal.write(again.encode() + b"\n")
            shown += _read_until(terminal, b"\n", b"\n")
            terminal.wait()
        finally:
            terminal.close(force=True)
        assert terminal.exitstatus == code
        assert b"sesam" not in shown
        if code:
            assert b"the two passwords differ" in shown
        else:
            assert verify_password("open sesame", shown.decode().split()[-1])


def _read_until(terminal: PtyProcess, *wanted: bytes) -> bytes:
    shown = b""
    for text in wanted:
        end = len(shown)
        while text not in shown[end:]:
            shown += terminal.read(1)
    return shown


def test_a_database_of_a_newer_version_is_refused_in_one_line(tmp_path: Path) -> None:
    """The file is not changed, since its content would be lost."""
    data = tmp_path / "data"
    with forked.started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data)):
        pass
    with closing(sqlite3.connect(data / "greenchat.db")) as connection:
        connection.execute("PRAGMA user_version = 9999")
    before = (data / "greenchat.db").read_bytes()
    for words in (
        ("--listen", "127.0.0.1:0"),
        ("adduser", "bob"),
        ("check",),
        ("compact",),
        ("export",),
        ("export-account", "bob"),
        ("import", "-"),
        ("usage",),
    ):
        ended = forked.run(tmp_path, *words, "--data", str(data), stdin="sesame-open\n")
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1), (words, ended)
        assert "newer greenchat" in ended.stderr
    assert (data / "greenchat.db").read_bytes() == before


def test_a_password_is_in_no_log_at_any_level(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with forked.started(tmp_path, "--listen", "127.0.0.1:0", "--data", str(data), "--debug") as server:
        with Client(server.target, "alice") as alice:
            alice.send("PRIVMSG NickServ :REGISTER secret-word")
            alice.expect("900")
            alice.run("NS IDENTIFY alice secret-word", "NS PASSWD secret-word secret-word2", "OPER root secret-word")
            alice.run("PRIVMSG NickServ :IDENTIFY", "CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE " + "A" * 500)
            alice.run(
                "REGISTER * * :secret-word", "VERIFY alice secret-word", "PASS secret-word", "CS INFO secret-word"
            )
        assert server.end() == 0
        assert "secret-word" not in server.errors.read_text()
    for file in data.rglob("*"):
        assert b"secret-word" not in file.read_bytes(), file
