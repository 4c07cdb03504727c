"""Passwords from a command: its environment, its output, and that only the connection waits for it."""

import queue
import shlex
import socket
import sys
from pathlib import Path

import pytest

from greenchat.client.handlers import apply
from greenchat.client.net import password_command
from greenchat.client.net.password_command import ask
from greenchat.client.net.transport import Transport
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.credentials import Credentials
from greenchat.client.state.events import Connected, Disconnected, NetworkEvent, PasswordFound, PasswordNotFound
from greenchat.client.state.settings import ClientSettings, SettingError
from tests.client.world import World
from tests.patience import PATIENCE


def program(tmp_path: Path, code: str) -> str:
    path = tmp_path / "my pass.py"
    path.write_text("import os, sys\n" + code, encoding="utf-8")
    return shlex.join([sys.executable, str(path)])


def test_the_first_line_is_the_password(tmp_path: Path) -> None:
    command = program(tmp_path, "print('sesame'); print('note: ' + 'x')")
    found = ask(command, "ada", host="irc.example", network="home")
    assert found == PasswordFound(Credentials("ada", "sesame"))
    assert "sesame" not in repr(found)


def test_placeholders_become_single_arguments(tmp_path: Path) -> None:
    command = program(tmp_path, "print('|'.join(sys.argv[1:]))") + " irc/{network} {nick}@{host}"
    found = ask(command, "a; b", host="$(h)", network="my net")
    assert found == PasswordFound(Credentials("a; b", "irc/my net|a; b@$(h)"))


def test_it_has_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPG_TTY", "/dev/tty")
    code = "print(sys.stdin.read() + str(os.getsid(0) == os.getpid()) + os.environ.get('GPG_TTY', ''))"
    assert ask(program(tmp_path, code), "ada", host="h", network="n") == PasswordFound(Credentials("ada", "True"))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "print('warning', file=sys.stderr); sys.exit('irc/home is not in the password store.')",
            "not in the password",
        ),
        ("sys.exit(3)", "it ended with status 3"),
        ("print()", "printed nothing"),
    ],
)
def test_a_failing_command(tmp_path: Path, code: str, reason: str) -> None:
    found = ask(program(tmp_path, code), "ada", host="h", network="n")
    assert isinstance(found, PasswordNotFound)
    assert reason in found.reason


def test_a_missing_or_hanging_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ask(f"{tmp_path}/nothing", "ada", host="h", network="n")
    assert missing == PasswordNotFound("nothing does not start: No such file or directory.")
    monkeypatch.setattr(password_command, "SECONDS", 0.2)
    found = ask(program(tmp_path, "import time; time.sleep(60)"), "ada", host="h", network="n")
    assert isinstance(found, PasswordNotFound)
    assert "no password within" in found.reason


def test_the_connection_waits_for_it() -> None:
    events: queue.Queue[NetworkEvent] = queue.Queue()

    def post(happened: object) -> None:
        assert isinstance(happened, list)
        for event in happened:
            events.put(event)

    found = PasswordFound(Credentials("ada", "sesame"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transport = Transport(ServerAddress("127.0.0.1", listener.getsockname()[1]), post, find_password=lambda: found)
        transport.start()
        assert [events.get(timeout=PATIENCE) for _ in range(2)] == [found, Connected()]
        transport.close("you left")
        assert events.get(timeout=PATIENCE) == Disconnected("you left")
        transport.join(PATIENCE)


def test_leaving_meanwhile_cancels_the_connection() -> None:
    events: queue.Queue[NetworkEvent] = queue.Queue()

    def post(happened: object) -> None:
        assert isinstance(happened, list)
        for event in happened:
            events.put(event)

    def find_password() -> NetworkEvent:
        transport.close("you left")
        return PasswordNotFound("no")

    transport = Transport(ServerAddress("127.0.0.1", 1), post, find_password=find_password)
    transport.start()
    assert [events.get(timeout=PATIENCE) for _ in range(2)] == [PasswordNotFound("no"), Disconnected("you left")]
    transport.join(PATIENCE)


def test_the_outcome_of_the_command() -> None:
    world = World()
    network = world.model.network
    for _ in range(2):
        apply(world.model, network, PasswordNotFound("pass gave no password: no such entry"), 0)
    lines = [line.text for line in network.status.lines if "no such entry" in line.text]
    assert lines == ["pass gave no password: no such entry"]
    apply(world.model, network, PasswordFound(Credentials("ada", "sesame")), 0)
    assert network.login.credentials == Credentials("ada", "sesame")
    apply(world.model, network, PasswordFound(Credentials("ada", "other")), 0)  # a typed password stays
    assert network.login.credentials == Credentials("ada", "sesame")


def test_the_setting_is_a_command_line() -> None:
    settings = ClientSettings()
    settings.set("password.command", "secret-tool lookup service irc user {nick}")
    with pytest.raises(SettingError, match="No closing quotation"):
        settings.set("password.command", "pass 'show")
