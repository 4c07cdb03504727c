"""Who loses their connection through no fault of their own has some time to come back unnoticed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from greenchat.commands.connection.lost import lose
from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people

Lose = Callable[[Client, int], None]


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(Settings(), quick_options(tmp_path))


@pytest.fixture
def lost(server: ServerThread) -> Lose:
    """Have the server lose the only connection of a client, whose user may come back for so many ms."""

    def lose_it(client: Client, grace: int) -> None:
        def forget(app: App) -> None:
            user = app.network.user(client.nick)
            assert user
            app._context(user.sessions[0]).propose(lose, grace)

        server.call(forget)
        client.close()

    return lose_it


def guest(server: ServerThread, nick: str) -> tuple[Client, str]:
    """A guest who can prove to be one, and the token for it."""
    client = Client(server.address)
    client.nick = nick
    client.send("CAP REQ :greenchat/resume", f"NICK {nick}", f"USER {nick} 0 * :x", "CAP END")
    token = client.expect("RESUME").params[0]
    client.join("#a")
    return client, token


def test_a_guest_comes_back_unnoticed(server: ServerThread, lost: Lose) -> None:
    bob, token = guest(server, "bob")
    with Client(server.address, "alice") as alice:
        alice.join("#a")
        lost(bob, 60_000)
        assert alice.sync() == []
        assert "@bob" in alice.run("NAMES #a")[0].params[-1]
        alice.run("PRIVMSG bob :are you there?")
        with Client(server.address) as again:
            again.send(f"RESUME {token}", "NICK other", "USER other 0 * :x")
            assert again.expect("001").params[0] == "bob"
            assert again.expect("JOIN").params == ("#a",)
            assert [m.params[1] for m in again.sync() if m.command == "PRIVMSG"] == ["are you there?"]
            assert alice.sync() == []
            again.send("QUIT")
            assert alice.expect("QUIT").nick == "bob"


def test_whoever_does_not_prove_it_is_another(server: ServerThread, lost: Lose) -> None:
    """From the same address they may have the nick, but nothing else."""
    bob, token = guest(server, "bob")
    with Client(server.address, "alice") as alice:
        alice.join("#a")
        lost(bob, 60_000)
        with Client(server.address) as again:
            again.send(f"RESUME {token[:-1]}x", "NICK bob", "USER bob 0 * :x")
            again.expect("376", "422")
            again.join("#a")
            came = alice.sync()
            assert [(m.command, m.nick) for m in came] == [("QUIT", "bob"), ("JOIN", "bob")]
            assert came[0].params == ("Connection lost",)
            assert "@bob" not in alice.run("NAMES #a")[0].params[-1]


def test_who_stays_away_leaves_in_the_end(server: ServerThread, lost: Lose) -> None:
    with people(server.address, "alice", "bob", channel="#a") as (alice, bob):
        alice.sync()
        lost(bob, 1)
        while not (heard := alice.sync()):
            server.call(lambda app: app.sweeper.sweep())
        assert [(m.command, m.nick, *m.params) for m in heard] == [("QUIT", "bob", "Connection lost")]


def test_without_grace_nobody_waits(server: ServerThread, lost: Lose) -> None:
    with people(server.address, "alice", "bob", channel="#a") as (alice, bob):
        alice.sync()
        lost(bob, 0)
        assert alice.expect("QUIT").params == ("Connection lost",)


def test_a_token_is_of_no_use_while_its_user_is_here(server: ServerThread) -> None:
    bob, token = guest(server, "bob")
    with bob, Client(server.address) as other:
        other.send(f"RESUME {token}", "NICK bob", "USER bob 0 * :x")
        assert other.expect("433").params[1] == "bob"
        assert bob.commands(f"RESUME {token}") == ["462"]
