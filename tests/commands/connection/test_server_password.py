"""The connection password: PASS, and the question to plain-text clients. https://modern.ircdocs.horse/#pass-message"""

from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from tests.conftest import Serve, StartServer, quick_options
from tests.irc import Client
from tests.opers import HASH

HASHED = Settings(password=HASH)  # "secret"


@pytest.mark.parametrize("settings", [Settings(password="secret"), HASHED])
def test_the_right_password_is_let_in(serve: Serve, settings: Settings) -> None:
    """ "the password must be set before any attempt to register the connection is made"."""
    address = serve(settings)
    for nick in "alice", "bob":  # the second time the hash is not computed again
        with Client(address) as client:
            client.send("PASS wrong", "PASS secret", f"NICK {nick}", "USER a 0 * :A")
            assert client.read().command == "001"


@pytest.mark.parametrize("settings", [Settings(password="secret"), HASHED])
@pytest.mark.parametrize(
    ("line", "text"), [("PASS wrong", "Password incorrect"), ("PING x", "This server requires a password")]
)
def test_a_wrong_or_missing_password_is_turned_away(serve: Serve, settings: Settings, line: str, text: str) -> None:
    """ "the server SHOULD send ERR_PASSWDMISMATCH and MAY then close the connection with ERROR": the password "was
    either incorrect or not supplied"."""
    with Client(serve(settings)) as client:
        client.send(line, "CAP LS 302", "NICK alice", "USER a 0 * :A", "CAP END")
        *_, refusal, farewell = client.until_end()
        assert (refusal.command, refusal.params[0]) == ("464", "alice")
        assert refusal.params[1].startswith(text)
        assert farewell.command == "ERROR"


def test_wrong_passwords_are_counted(serve: Serve) -> None:
    """After ten wrong passwords from one address further attempts from it are refused for a while."""
    address = serve(HASHED)
    refusals = []
    for _ in range(11):
        with Client(address) as client:
            client.send("PASS wrong", "NICK alice", "USER a 0 * :A")
            refusals.append(client.expect("464").params[-1])
    assert refusals[:10] == ["Password incorrect"] * 10
    assert refusals[10].startswith("Too many wrong passwords: try again in ")


def test_the_password_need_not_be_repeated_after_a_taken_nick(serve: Serve) -> None:
    address = serve(HASHED)
    with Client(address, "alice", password="secret"), Client(address) as slow:
        slow.send("CAP LS", "PASS secret", "NICK bob", "USER a 0 * :A")
        slow.read()
        with Client(address, "bob", password="secret"):
            slow.send("CAP END", "NICK carol")
            assert [message.command for message in slow.until("001")] == ["433", "001"]


def test_a_reload_with_another_password(start_server: StartServer, tmp_path: Path) -> None:
    """The old password is not remembered as right."""
    server = start_server(HASHED, quick_options(tmp_path))
    with Client(server.address, "alice", password="secret"):
        other = HASH[:-1] + "8"  # the hash of an unknown password
        server.call(lambda app: setattr(app.network, "settings", Settings(password=other)))
        with Client(server.address) as client:
            client.send("PASS secret", "NICK bob", "USER a 0 * :A")
            assert client.expect("464")
