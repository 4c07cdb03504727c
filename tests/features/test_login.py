"""An account from its registration to the next day, in a real terminal with a real server."""

import stat
from pathlib import Path

from greenchat.config.settings import Settings
from tests.features.conftest import OpenTerminal, Server, ThreadedServer
from tests.irc import Client

PASSWORD = "correct horse battery"


def test_registering_and_being_logged_in_the_next_time(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    alice.enter("/register")
    alice.wait_for("Choose a password for alice:")
    alice.enter(PASSWORD)
    alice.wait_for("Repeat the password:")
    alice.enter(PASSWORD)
    alice.wait_for("The account alice is yours now.", "yes/no?")
    alice.enter("yes")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]")
    alice.enter("/quit")
    assert alice.wait_end() == 0
    assert PASSWORD.encode() not in alice.output

    # Another user can't have the nick, and is asked one question.
    stranger = greenchat(f"alice@{server.address}", XDG_DATA_HOME=str(tmp_path / "stranger"))
    stranger.wait_for("login/other/wait?")
    stranger.enter("login")
    stranger.wait_for("Password of alice:")
    stranger.enter("a guess")
    stranger.wait_for("did not accept the password", "Password of alice:")
    stranger.send("\x1b")
    stranger.wait(lambda: stranger.rows[-1].startswith("[#lobby]"))
    assert "alice_" in stranger.rows[-2]

    back = greenchat(f"alice@{server.address}")
    back.wait_for("You joined")
    back.wait(lambda: " alice │" in back.rows[-2])
    back.send("\x1b1")
    back.wait_for("You are logged in as alice.")
    kept = tmp_path / "data/greenchat-client/credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != kept]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in written)


def test_the_password_of_a_server_is_asked_for_once(greenchat: OpenTerminal, tmp_path: Path) -> None:
    server = ThreadedServer(tmp_path / "locked", Settings(password=PASSWORD))
    try:
        alice = greenchat(f"alice@{server.address}")
        alice.wait_for("requires a password", "Password of 127.0.0.1:")
        alice.enter(PASSWORD)
        alice.wait_for("accepted the password. Use it next time?")
        alice.enter("yes")
        alice.wait_for("You joined", "[#lobby]")
        alice.enter("/quit")
        assert alice.wait_end() == 0
        again = greenchat(f"alice@{server.address}")
        again.wait_for("You joined", "[#lobby]")
        again.enter("/logout")
        again.wait_for("was removed")
        again.enter("/quit")
        assert again.wait_end() == 0
        greenchat(f"alice@{server.address}").wait_for("requires a password")
    finally:
        server.close()


def account(server: Server, name: str) -> None:
    """Register an account, as its owner does with another client."""
    with Client(server.target, name) as owner:
        owner.send(f"REGISTER {name} * :{PASSWORD}")
        assert owner.until("REGISTER")[-1].params[0] == "SUCCESS"
        owner.send("QUIT")
        owner.until_end()


def test_a_second_device_shares_the_user_once_the_password_is_typed(
    server: Server, greenchat: OpenTerminal, tmp_path: Path
) -> None:
    account(server, "alice")
    laptop = greenchat(f"alice@{server.address}", XDG_DATA_HOME=str(tmp_path / "laptop"))
    laptop.wait_for("login/other/wait?")
    laptop.enter("login")
    laptop.wait_for("Password of alice:")
    laptop.enter(PASSWORD)
    laptop.wait_for("yes/no?")
    laptop.enter("no")
    laptop.wait(lambda: laptop.rows[-1] == "[#lobby]" and " alice │" in laptop.rows[-2])

    phone = greenchat(f"alice@{server.address}", XDG_DATA_HOME=str(tmp_path / "phone"))
    phone.wait_for("login/other/wait?")
    phone.enter("wait")
    phone.wait(lambda: phone.rows[-1] == "[#lobby]" and " alice_ │" in phone.rows[-2])
    with Client(server.target, "watcher") as watcher:
        watcher.join("#lobby")
        phone.enter("/login")
        phone.wait_for("Password of alice:")
        phone.enter(PASSWORD)
        phone.wait_for("yes/no?")
        phone.enter("no")
        phone.wait(lambda: phone.rows[-1] == "[#lobby]" and " alice │" in phone.rows[-2])
        assert str(watcher.expect("QUIT").source).startswith("alice_!")

        # From now on they are one user: each device shows the other's messages as its own, and only the last one quits.
        phone.enter("from the phone")
        laptop.wait_for("alice │ from the phone")
        laptop.enter("from the laptop")
        phone.wait_for("alice │ from the laptop")
        laptop.enter("/quit")
        assert laptop.wait_end() == 0
        phone.enter("still here")
        messages = [watcher.expect("PRIVMSG", "QUIT").params for _ in range(3)]
        assert messages == [("#lobby", "from the phone"), ("#lobby", "from the laptop"), ("#lobby", "still here")]


def test_another_nick_does_not_log_in_to_the_saved_account(server: Server, greenchat: OpenTerminal) -> None:
    account(server, "alice")
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("login/other/wait?")
    alice.enter("login")
    alice.wait_for("Password of alice:")
    alice.enter(PASSWORD)
    alice.wait_for("yes/no?")
    alice.enter("yes")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]" and " alice │" in alice.rows[-2])
    alice.enter("/quit")
    assert alice.wait_end() == 0

    eve = greenchat(f"eve@{server.address}")
    eve.wait_for("You joined")
    with Client(server.target, "watcher") as watcher:
        watcher.send("WHOIS eve")
        assert "330" not in [reply.command for reply in watcher.until("318")]  # "is logged in as"
