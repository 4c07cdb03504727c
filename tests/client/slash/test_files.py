"""/upload: the requests, and the lines shown.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
"""

from pathlib import Path

import pytest

from greenchat.client.irc import filehost
from greenchat.client.programs.transfers import Transfers
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.credentials import Credentials
from greenchat.client.state.effects import SendFile, UseToken
from greenchat.client.state.transfers import Upload
from tests.client.world import World


@pytest.fixture
def cake(tmp_path: Path) -> Path:
    path = tmp_path / "our cake.jpg"
    path.write_bytes(b"cake")
    return path


def host(world: World, *tokens: str) -> None:
    world.feed(f":srv 005 alice {' '.join(tokens)} :are supported")


def test_a_file_is_uploaded_to_the_servers_address(tea: World, cake: Path) -> None:
    host(tea, "soju.im/FILEHOST=https://irc.example/files")
    tea.type(f"/upload {cake}\n")
    asked = Upload(tea.network, tea.model.current, cake, "https://irc.example/files")
    assert list(tea.model.effects) == [SendFile(asked)]


@pytest.mark.parametrize(
    ("token", "tls", "expected"),
    [
        ("NETWORK=x", False, "! This server does not accept uploads."),
        # "Clients MUST ignore tokens with an URI scheme they don't support."
        ("soju.im/FILEHOST=ftp://irc.example/files", False, "! The server accepts uploads only without encryption"),
        # "Clients MUST refuse to use unencrypted URI transports ... if the IRC connection is encrypted"
        ("soju.im/FILEHOST=http://irc.example/files", True, "! The server accepts uploads only without encryption"),
    ],
)
def test_refused_addresses(tea: World, cake: Path, token: str, tls: bool, expected: str) -> None:
    host(tea, token)
    tea.network.address = ServerAddress("irc.example", 6697, tls=tls)
    tea.type(f"/upload {cake}\n")
    assert tea.shown()[-1].startswith(expected)
    assert not tea.model.effects


def test_invalid_files(tea: World, tmp_path: Path) -> None:
    host(tea, "soju.im/FILEHOST=https://irc.example/files")
    (tmp_path / "empty").touch()
    for path, expected in (("nothing", "No such file"), ("empty", "is empty."), ("", "is no file.")):
        tea.type(f"/upload {tmp_path / path}\n")
        assert expected in tea.shown()[-1]


def test_the_password_is_sent_over_secure_connections_only(tea: World) -> None:
    """ "Clients SHOULD authenticate their HTTP request with the same credentials used on the IRC connection"."""
    assert filehost.authorization(tea.network, "https://irc.example/files") == ""
    tea.network.login.credentials = Credentials("alice", "sécret")
    assert filehost.authorization(tea.network, "https://irc.example/files") == "Basic YWxpY2U6c8OpY3JldA=="
    assert filehost.authorization(tea.network, "http://irc.example/files") == ""


def test_without_a_password_a_token_is_requested(tea: World, cake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host(tea, "soju.im/FILEHOST=https://irc.example/files", "draft/FILEHOST=https://irc.example/files")
    tea.network.login.account = "alice"
    begun: list[str] = []
    transfers = Transfers(tea.model, lambda: None, tea.console.submitter.propose)
    monkeypatch.setattr(transfers, "_upload", lambda _asked, authorization, _now: begun.append(authorization))
    tea.type(f"/upload {cake}\n")
    effect = tea.model.effects.popleft()
    assert isinstance(effect, SendFile)
    transfers.upload(effect.upload, tea.now)
    assert tea.sent() == ["FILEHOST TOKEN"]
    assert (begun, transfers.running) == ([], True)
    tea.feed(":srv FILEHOST TOKEN abc")
    assert list(tea.model.effects) == [UseToken(tea.network, "abc")]
    transfers.use_token(tea.network, "abc", tea.now)
    assert begun == ["Bearer abc"]
    transfers.upload(effect.upload, tea.now)
    tea.feed(":srv FAIL FILEHOST DISABLED :This server does not accept files")
    transfers.use_token(tea.network, "", tea.now)
    assert begun == ["Bearer abc"]
    assert not transfers.running


def test_a_missing_token_is_waited_for_half_a_minute(tea: World, cake: Path) -> None:
    """A script would wait for ever."""
    host(tea, "draft/FILEHOST=https://irc.example/files")
    tea.network.login.account = "alice"
    transfers = Transfers(tea.model, lambda: None, tea.console.submitter.propose)
    tea.type(f"/upload {cake}\n")
    effect = tea.model.effects.popleft()
    assert isinstance(effect, SendFile)
    transfers.upload(effect.upload, tea.now)
    waits = []
    for later in 29_999, 30_000:
        transfers.turn(tea.now + later)
        waits.append(transfers.running)
    assert waits == [True, False]
    assert "did not issue an upload token" in tea.shown()[-1]


def test_the_link_is_put_into_the_input_line(tea: World) -> None:
    propose = tea.console.submitter.propose
    tea.type("look:")
    propose(tea.model.current, "https://irc.example/a", tea.now)
    assert tea.console.editor.text == "look: https://irc.example/a "
    cake = tea.join(channel="#cake")
    propose(cake, "https://irc.example/b", tea.now)
    assert tea.sent() == []
    tea.model.show(cake)
    tea.press("End")
    assert tea.console.editor.text == "https://irc.example/b "
    tea.model.has_screen = False
    propose(cake, "https://irc.example/c", tea.now)
    assert tea.sent() == ["PRIVMSG #cake :https://irc.example/c"]


@pytest.mark.parametrize(
    "url", ["https://evil.example/files", "https://irc.example.evil/", "https://irc.example@evil.example/", "https://["]
)
def test_the_password_is_sent_to_the_server_only(tea: World, cake: Path, url: str) -> None:
    """A server may name any address; the password gives access to the whole account."""
    tea.network.login.credentials, tea.network.login.account = Credentials("alice", "secret"), "alice"
    assert filehost.authorization(tea.network, "https://IRC.example:8443/files") != ""
    assert filehost.authorization(tea.network, url) == ""
    host(tea, f"soju.im/FILEHOST={url}")
    tea.type(f"/upload {cake}\n")
    assert "your password is not sent there" in tea.shown()[-1]
    assert not tea.model.effects
    host(tea, f"draft/FILEHOST={url}")
    tea.type(f"/upload {cake}\n")
    assert isinstance(tea.model.effects.popleft(), SendFile)
    assert filehost.needs_token(tea.network, url), "the server issues a token for this upload"


def test_a_command_being_typed_stays_a_command(tea: World) -> None:
    tea.type("/join #de")
    tea.console.submitter.propose(tea.model.current, "https://irc.example/a", tea.now)
    assert tea.console.editor.line.picture() == "https://irc.example/a /join #de|"
    tea.type("v\n")
    assert tea.sent() == ["JOIN #dev"]
    tea.press("M-2")
    assert tea.console.editor.text == "https://irc.example/a "


def test_a_command_after_a_link_is_a_command(tea: World) -> None:
    tea.console.submitter.propose(tea.model.current, "https://irc.example/a", tea.now)
    tea.type("/topic Cake\n")
    assert tea.sent() == ["TOPIC #tea :Cake"]
    assert tea.console.editor.text == "https://irc.example/a "
    tea.type("it is a cake\n")
    assert tea.sent() == ["PRIVMSG #tea :https://irc.example/a it is a cake"]
    tea.type("https://irc.example/a /topic is a command\n")
    assert tea.sent() == ["PRIVMSG #tea :https://irc.example/a /topic is a command"], (
        "a line typed by the user is a message"
    )


def test_a_link_removed_from_the_line_stays_removed(tea: World) -> None:
    tea.console.submitter.propose(tea.model.current, "https://irc.example/a", tea.now)
    tea.press("C-u")
    tea.type("/topic Cake\n")
    assert (tea.sent(), tea.console.editor.text) == (["TOPIC #tea :Cake"], "")
