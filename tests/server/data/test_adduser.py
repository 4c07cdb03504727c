"""`greenchat-server adduser` creates accounts, whether a server runs or not."""

import socket
from pathlib import Path
from threading import Thread

import pytest

from greenchat.server.control.wire import path_in
from tests.irc import Client
from tests.server.forked import run, started

ANYWHERE = ("--listen", "127.0.0.1:0")


def identified(client: Client, line: str) -> bool:
    """Whether NickServ accepts the password."""
    return any(message.command == "900" for message in client.run(f"PRIVMSG NickServ :IDENTIFY {line}"))


def test_with_a_running_server_and_without(tmp_path: Path) -> None:
    added = run(tmp_path, "adduser", "alice", stdin="sesame-open\n")
    assert (added.returncode, added.stdout, added.stderr) == (0, "alice can log in now\n", "")
    with started(tmp_path, *ANYWHERE) as server:
        with Client(server.target, "carol") as carol:
            assert identified(carol, "alice sesame-open")
            assert not identified(carol, "bob sesame-open")
            assert run(tmp_path, "adduser", "bob", stdin="sesame-open\n").returncode == 0
            assert identified(carol, "bob sesame-open")
        assert "reloaded" not in server.errors.read_text(encoding="utf-8"), "only accounts are read again"
        again = run(tmp_path, "adduser", "BOB", stdin="sesame-open\n")
        assert (again.returncode, again.stderr) == (2, "greenchat-server: the account BOB already exists\n")


def test_options_may_stand_before_the_name(tmp_path: Path) -> None:
    added = run(tmp_path, "adduser", "--data", str(tmp_path / "other"), "alice", stdin="sesame-open\n")
    assert (added.stdout, added.stderr) == ("alice can log in now\n", "")


@pytest.mark.parametrize(
    ("arguments", "password", "reason"),
    [
        ((), "sesame-open", "the following arguments are required: NAME; see --help"),
        (("#nick",), "sesame-open", "'#nick' can't be an account: the name must be a valid nickname"),
        (("alice",), "short", "The password is too short: at least 8 characters"),
        (("alice",), "", "the password is empty"),
    ],
)
def test_invalid_names(tmp_path: Path, arguments: tuple[str, ...], password: str, reason: str) -> None:
    ended = run(tmp_path, "adduser", *arguments, stdin=password + "\n")
    assert (ended.returncode, ended.stderr.partition(": ")[2]) == (2, f"{reason}\n")


@pytest.mark.parametrize("older", ["has no socket", "does not know the request"])
def test_an_older_server_reloads_everything(tmp_path: Path, older: str) -> None:
    with started(tmp_path, *ANYWHERE) as server, Client(server.target, "carol") as carol:
        control = path_in(tmp_path / "xdg" / "greenchat")
        control.rename(control.with_name("aside"))
        if older == "does not know the request":
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
                listening.bind(str(control))
                listening.listen()
                Thread(target=_refuse, args=(listening,)).start()
                assert run(tmp_path, "adduser", "bob", stdin="sesame-open\n").returncode == 0
        else:
            assert run(tmp_path, "adduser", "bob", stdin="sesame-open\n").returncode == 0
        while "bob is an account" not in carol.run("NS INFO bob")[0].params[-1]:
            pass  # the signal has been sent
        assert identified(carol, "bob sesame-open")


def _refuse(listening: socket.socket) -> None:
    with listening.accept()[0] as asking:
        asking.recv(4096)
        asking.sendall(b'{"error": "there is no request \'find-accounts\'"}\n')
