"""A user whose connection breaks may come back for some time without a QUIT and JOIN."""

import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest

from greenchat.chat.continuity.snapshot import snapshot
from greenchat.commands.connection.lost_connections import on_connection_lost
from greenchat.commands.core.persistence import change_account
from greenchat.commands.operators.shell import kick
from greenchat.config.settings import Settings
from greenchat.server.app import App
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.commands.devices import make_account
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

Lose = Callable[[Client, int], None]


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(Settings(), quick_options(tmp_path))


@pytest.fixture
def lost(server: ServerThread) -> Lose:
    """Have the server lose the only connection of a client, whose user may come back for so many milliseconds."""

    def lose_it(client: Client, grace: int) -> None:
        def forget(app: App) -> None:
            user = app.network.user(client.nick)
            assert user
            app._context(user.sessions[0]).propose(on_connection_lost, grace)

        here = server.call(lambda app: len(app.clients.connections))
        server.call(forget)
        client.close()
        wait_for(
            server, lambda app: len(app.clients.connections) < here
        )  # an end without QUIT is a lost connection, too

    return lose_it


def wait_for(server: ServerThread, has_come: Callable[[App], bool]) -> None:
    while not server.call(has_come):
        sleep(0.01)


def guest(server: ServerThread, nick: str) -> tuple[Client, str]:
    """Connect a guest who can resume; return the client and the token."""
    client = Client(server.address)
    client.nick = nick
    client.send("CAP REQ :greenchat/resume", f"NICK {nick}", f"USER {nick} 0 * :x", "CAP END")
    token = client.expect("RESUME").params[0]
    client.join("#a")
    return client, token


def test_a_guest_resumes_unnoticed(server: ServerThread, lost: Lose) -> None:
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
            assert again.expect("PRIVMSG").params[1] == "are you there?"  # another thread of the test reads it
            assert "PRIVMSG" not in [m.command for m in again.sync()]
            assert alice.sync() == []
            again.send("QUIT")
            assert alice.expect("QUIT").nick == "bob"


def test_messages_of_the_millisecond_of_the_return_are_missed_ones(
    server: ServerThread, lost: Lose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds while the clock is behind the newest message because it was set back: ids never decrease."""
    now = server.call(lambda app: app.now())
    monkeypatch.setattr(App, "now", lambda app: now)
    bob, token = guest(server, "bob")
    with Client(server.address, "alice") as alice:
        lost(bob, 60_000)
        alice.run("PRIVMSG bob :are you there?")
        with Client(server.address) as again:
            again.send(f"RESUME {token}", "NICK other", "USER other 0 * :x")
            assert again.expect("001").params[0] == "bob"
            assert "are you there?" in [message.params[-1] for message in again.sync()]


def test_a_wrong_token_makes_another_user(server: ServerThread, lost: Lose) -> None:
    """A client from the same address may have the nick, but nothing else of the lost user."""
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


def test_the_grace_period_ends(server: ServerThread, lost: Lose) -> None:
    with people(server.address, "alice", "bob", channel="#a") as (alice, bob):
        alice.sync()
        lost(bob, 1)
        while not (messages := alice.sync()):
            server.call(lambda app: app.upkeep.sweeper.sweep())
        assert [(m.command, m.nick, *m.params) for m in messages] == [("QUIT", "bob", "Connection lost")]


@pytest.mark.parametrize(
    "line", ["KILL bob :enough", "UBAN ADD bob!*@* 0 enough", "NS GHOST bob", "NS REGAIN bob", "the shell's kick"]
)
def test_a_killed_or_kicked_user_does_not_wait(start_server: StartServer, tmp_path: Path, line: str) -> None:
    """Otherwise an operator would be told that a user was killed who comes back into all channels with all ranks."""
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    bob, token = guest(server, "bob")
    with people(server.address, "alice", "root", channel="#a") as (alice, root):
        bob.close()
        wait_for(server, lambda app: bool(app.network.lost_users))
        make_account(server.address, "owner")
        server.call(lambda app: app.run_step(lambda ctx: change_account(ctx, "owner", nicks=("bob",))))
        become_oper(root)
        if line.startswith("NS"):
            root.send("NS IDENTIFY owner sesame open")
            root.expect("900")
        if line == "the shell's kick":
            server.call(lambda app: app.run_step(lambda ctx: kick(ctx, "bob", "enough")))
        else:
            root.run(line)
        assert alice.expect("QUIT").nick == "bob"
        with Client(server.address) as again:
            again.send("CAP LS 302", f"RESUME {token}", "NICK other", "USER other 0 * :x", "CAP END")
            assert again.expect("001").params[0] == "other"


def test_without_grace_the_user_leaves_at_once(server: ServerThread, lost: Lose) -> None:
    with people(server.address, "alice", "bob", channel="#a") as (alice, bob):
        alice.sync()
        lost(bob, 0)
        assert alice.expect("QUIT").params == ("Connection lost",)


def test_a_token_works_before_the_server_notices_the_loss(server: ServerThread) -> None:
    """The network may break silently: the resume is not announced, and the end of the old connection has no effect."""
    bob, token = guest(server, "bob")
    with Client(server.address, "alice") as alice, bob:
        alice.join("#a")
        bob.sync()
        with Client(server.address) as again:
            again.send(f"RESUME {token}", "NICK bob", "USER bob 0 * :x")
            assert again.expect("001").params[0] == "bob"
            assert again.expect("JOIN").params == ("#a",)
            bob.close()
            again.run("PRIVMSG #a :here")
            assert [(m.command, m.nick) for m in alice.sync()] == [("PRIVMSG", "bob")]
            assert again.commands(f"RESUME {token}") == ["462"]


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_lost_connection_is_not_announced_at_once(server: ServerThread, end: str) -> None:
    bob, token = guest(server, "bob")
    with Client(server.address, "alice") as alice:
        alice.join("#a")
        bob.run("AWAY :at lunch")
        alice.sync()
        if end == "reset":
            bob.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        bob.close()
        wait_for(server, lambda app: len(app.network.lost_users) == 1)
        alice.run("PRIVMSG bob :for later")
        with Client(server.address) as again:
            again.send("CAP REQ :draft/chathistory server-time batch", f"RESUME {token}", "NICK b", "USER b 0 * :x")
            again.send("CAP END")
            again.expect("JOIN")
            messages = again.run("CHATHISTORY LATEST alice * 5")
            assert [m.params[1] for m in messages if m.command == "PRIVMSG"] == ["for later"]
            assert [m.params[-1] for m in alice.run("WHOIS bob") if m.command == "301"] == ["at lunch"]


def test_quit_or_a_missing_token_leaves_at_once(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        alice.join("#a")
        bob, _ = guest(server, "bob")
        alice.expect("JOIN")
        bob.send("QUIT :bye")
        assert alice.expect("QUIT").params == ("Quit: bye",)
        with Client(server.address, "carol") as carol:
            carol.join("#a")
        assert alice.expect("QUIT").nick == "carol"


def test_a_waiting_user_can_be_killed_and_banned(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with Client(server.address, "alice") as alice:
        become_oper(alice).join("#a")
        for nick, line in (("bob", "KILL bob :spam"), ("carol", "KLINE carol!*@* :spam")):
            lost, token = guest(server, nick)
            lost.close()
            wait_for(server, lambda app: len(app.network.lost_users) == 1)
            alice.send(line)
            assert alice.expect("QUIT").nick == nick
            with Client(server.address) as again:
                again.send(f"RESUME {token}", "NICK other", "USER other 0 * :x")
                assert again.expect("001").params[0] == "other"


def test_waiting_users_count_against_the_limit_of_connections(start_server: StartServer, tmp_path: Path) -> None:
    """Otherwise a client that connects, breaks the connection and repeats could fill the server with users."""
    options = quick_options(tmp_path)
    connections = replace(options.connections, per_address=2, exempt=())
    server = start_server(Settings(), replace(options, connections=connections))
    for number in range(4):
        guest(server, f"bob{number}")[0].close()
        wait_for(server, lambda app: not app.clients.connections)
    assert server.call(lambda app: list(app.network.users)) == ["bob0", "bob1"]


def test_a_token_made_over_tls_is_accepted_over_tls_only(start_server: StartServer, tmp_path: Path) -> None:
    """An eavesdropper on a plain connection must not become a user of a TLS connection."""
    certificate = ensure_certificate(tmp_path / "tls", "greenchat.local", ["localhost"])
    server = start_server(Settings(), quick_options(tmp_path), Tls(*certificate))
    trusting = ssl.create_default_context(cafile=certificate[0])

    def come(secure: bool, *lines: str, nick: str = "bob") -> Client:
        client = Client(server.address, tls=trusting if secure else None)
        client.send("CAP REQ :greenchat/resume standard-replies", *lines, f"NICK {nick}", "USER bob 0 * :x", "CAP END")
        return client

    with come(True) as bob:
        secret = bob.expect("RESUME").params[0]
        with come(False, f"RESUME {secret}") as thief:
            assert thief.expect("FAIL").params[:2] == ("RESUME", "TLS_REQUIRED")
            assert thief.expect("433")
        with come(True, f"RESUME {secret}") as again:
            assert again.expect("001").params[0] == "bob"
            again.send("QUIT")
        bob.send("QUIT")
        bob.until_end()
    with come(False) as bob:
        open_token = bob.expect("RESUME").params[0]
        with come(True, f"RESUME {open_token}") as again:
            assert again.expect("001").params[0] == "bob"
            secret = again.expect("RESUME").params[0]
            bob.close()
            wait_for(server, lambda app: len(app.clients.connections) == 1)
            again.close()
            wait_for(server, lambda app: len(app.network.lost_users) == 1)
            for is_secure in True, False:  # a token that was sent over a plain connection is accepted over TLS, too
                with come(is_secure, f"RESUME {open_token}", nick="thief") as thief:
                    assert thief.expect("001").params[0] == "thief"
                    thief.quit()
            document = server.call(lambda app: snapshot(app.network, app.now()))
            assert document["through_tls"] == [0]  # kept after an upgrade and on other nodes, too
            with come(True, f"RESUME {secret}") as again:
                assert again.expect("001").params[0] == "bob"
