"""Logins with tokens of an identity provider: OAUTHBEARER, IRCV3BEARER, and the account that a token belongs to."""

import base64
import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.core.persistence import change_account
from greenchat.config.providers import Providers
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import Message
from greenchat.protocol.sasl import chunks, format_plain
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.identity_provider import Provider
from tests.irc import Client

ACCOUNTS = AccountSettings(iterations=4096)


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(tmp_path)


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path, provider: Provider) -> ServerThread:
    return start_server(
        Settings(accounts=ACCOUNTS, providers=Providers(bearer=provider.settings())), quick_options(tmp_path)
    )


def ircv3_bearer(client: Client, token: str, *, authorization: str = "", kind: str = "jwt") -> Message:
    """Log in with IRCV3BEARER and return the server's answer."""
    return authenticate(client, "IRCV3BEARER", f"{authorization}\0{kind}\0{token}".encode())


def authenticate(client: Client, mechanism: str, response: bytes) -> Message:
    client.send("CAP REQ :sasl", f"AUTHENTICATE {mechanism}")
    assert client.expect("AUTHENTICATE", "904").params == ("+",)
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(response)])
    return client.expect("903", "904", "AUTHENTICATE")


def account_of(client: Client, nick: str) -> str:
    return next((message.params[2] for message in client.run(f"WHOIS {nick}") if message.command == "330"), "")


def test_ircv3_bearer(server: ServerThread, provider: Provider) -> None:
    """https://github.com/ircv3/ircv3-specifications/pull/545: "<message> ::= [authzid] NUL <token_type> <token>"."""
    with Client(server.address) as client:
        client.send("CAP LS 302")
        assert "sasl=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER,IRCV3BEARER" in client.expect("CAP").params[-1]
        client.send("CAP REQ :sasl", "NICK alice", "USER a 0 * :a")
        assert ircv3_bearer(client, provider.token("7", "alice")).command == "903"
        client.send("CAP END")
        client.expect("376", "422")
        assert account_of(client, "alice") == "alice"
        info = [message.params[-1] for message in client.run("NS INFO") if message.command == "NOTICE"]
        assert any("alice" in line for line in info)


def test_a_subject_keeps_its_account_when_the_provider_renames_it(server: ServerThread, provider: Provider) -> None:
    with Client(server.address, "one") as one, Client(server.address, "two") as two:
        assert ircv3_bearer(one, provider.token("7", "alice")).command == "903"
        assert ircv3_bearer(two, provider.token("7", "alicia@example.org")).command == "903"
        assert account_of(one, "two") == "alice"
        assert ircv3_bearer(two, provider.token("8", "bob@example.org")).command == "903"
        assert account_of(one, "two") == "bob"
    with Client(server.address, "three") as three:
        refused = ircv3_bearer(three, provider.token("10", "bob"))
        assert "The account bob already exists" in refused.params[-1]


def test_a_name_alone_does_not_log_in_to_an_account_with_a_password(server: ServerThread, provider: Provider) -> None:
    with Client(server.address, "carol") as carol:
        carol.send("REGISTER * * :sesame open")
        carol.expect("900")
        carol.send("QUIT")
        carol.until_end()
    token = provider.token("7", "carol")
    with Client(server.address, "x") as client:
        assert "The account carol already exists" in ircv3_bearer(client, token).params[-1]
        assert account_of(client, "x") == ""
        assert authenticate(client, "PLAIN", format_plain("carol", "sesame open")).command == "903"
        assert ircv3_bearer(client, token).command == "903"
    with Client(server.address, "y") as client:
        assert ircv3_bearer(client, token).command == "903", "the link of the two accounts is kept"
        assert account_of(client, "y") == "carol"


def test_an_unconfirmed_account_frees_the_names_that_look_like_its_own(
    start_server: StartServer, tmp_path: Path, provider: Provider
) -> None:
    settings = Settings(accounts=ACCOUNTS, providers=Providers(bearer=provider.settings()), casemapping="precis")
    server, former = start_server(settings, quick_options(tmp_path)), "c\u0430rol"
    with Client(server.address, former) as squatter:
        squatter.send("REGISTER * * :sesame open")
        squatter.expect("900")
        squatter.send("QUIT")
        squatter.until_end()
    server.call(lambda app: app.run_step(lambda ctx: change_account(ctx, former, code="never", created=1)))
    with Client(server.address, "x") as client:
        assert ircv3_bearer(client, provider.token("7", "carol")).command == "903"
    assert server.call(lambda app: [each.name for each in app.network.accounts]) == ["carol"]


def test_the_authorization_identity_must_be_the_accounts(server: ServerThread, provider: Provider) -> None:
    with Client(server.address, "x") as client:
        assert ircv3_bearer(client, provider.token("7", "alice"), authorization="bob").command == "904"
        assert ircv3_bearer(client, provider.token("7", "alice"), authorization="Alice").command == "903"
        assert ircv3_bearer(client, provider.token("7", "bob"), authorization="bob").command == "904"


@pytest.mark.parametrize("name", ["", "a b", "x" * 80, "root", "NickServ", "#x"])
def test_invalid_account_names_are_refused(server: ServerThread, provider: Provider, name: str) -> None:
    with Client(server.address, "x") as client:
        assert ircv3_bearer(client, provider.token("7", name)).command == "904"
    assert server.call(lambda app: len(app.network.accounts)) == 0


def test_invalid_tokens_are_refused(
    server: ServerThread, provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "other").mkdir()
    stranger = Provider(tmp_path / "other")
    with Client(server.address, "x") as client:
        for token in (
            stranger.token("7", "alice"),
            provider.token("7", "alice", aud="wiki"),
            provider.token("7", "alice", exp=int(time.time()) - 60),
            "x",
        ):
            assert ircv3_bearer(client, token).command == "904"
        assert ircv3_bearer(client, provider.token("7", "alice"), kind="oauth2").command == "904"
        assert authenticate(client, "IRCV3BEARER", b"\0jwt").command == "904"
        assert authenticate(client, "IRCV3BEARER", b"\0jwt\0\xff").command == "904"
        assert account_of(client, "x") == ""
    assert "a token from 127.0.0.1 was refused: " in caplog.text


def test_oauth_bearer(server: ServerThread, provider: Provider) -> None:
    """RFC 7628, section 4.1: "n,a=user@example.com,^Ahost=server.example.com^Aport=143^Aauth=Bearer ...^A^A"."""
    with Client(server.address, "x") as client:
        token = provider.token("7", "alice")
        response = f"n,a=alice,\x01host=irc.example.org\x01port=6697\x01auth=Bearer {token}\x01\x01"
        assert authenticate(client, "OAUTHBEARER", response.encode()).command == "903"
        assert account_of(client, "x") == "alice"
        assert authenticate(client, "OAUTHBEARER", f"n,,\x01auth=Bearer {token}\x01\x01".encode()).command == "903"


def test_oauth_bearer_reports_the_error_and_ends_once_acknowledged(server: ServerThread) -> None:
    """RFC 7628, section 3.2.3: "the error message is sent in a normal message. The client MUST then send either an
    additional client response consisting of a single %x01 (control A) character to the server"."""
    with Client(server.address, "x") as client:
        challenge = authenticate(client, "OAUTHBEARER", b"n,,\x01auth=Bearer x\x01\x01")
        assert json.loads(base64.b64decode(challenge.params[0])) == {"status": "invalid_token"}
        client.send("AUTHENTICATE AQ==")
        assert client.expect("903", "904").command == "904"
        challenge = authenticate(client, "OAUTHBEARER", b"n,,\x01auth=Bearer x\x01\x01")
        client.send("AUTHENTICATE *")
        assert client.expect("903", "904", "906").command == "906"


@pytest.mark.parametrize(
    "response",
    [b"", b"n,,", b"n,,\x01\x01", b"n,,\x01auth=Basic x\x01\x01", b"n,,\x01auth=Bearer \x01\x01",
     b"p=x,,\x01auth=Bearer x\x01\x01", b"n,,\x01auth=Bearer x\x01",
     b"n\x01auth=Bearer x\x01\x01", b"n,,\x01auth=Bearer \xff\x01\x01"],
)  # fmt: skip
def test_malformed_oauth_bearer_responses_are_refused(server: ServerThread, response: bytes) -> None:
    with Client(server.address, "x") as client:
        assert authenticate(client, "OAUTHBEARER", response).command == "904"


def test_failures_are_counted(start_server: StartServer, tmp_path: Path, provider: Provider) -> None:
    options = quick_options(tmp_path)
    options = replace(options, throttle=replace(options.throttle, logins=2))
    running = start_server(Settings(accounts=ACCOUNTS, providers=Providers(bearer=provider.settings())), options)
    with Client(running.address, "x") as client:
        for _ in range(2):
            assert ircv3_bearer(client, "x").command == "904"
        assert "Too many failed logins" in ircv3_bearer(client, provider.token("7", "alice")).params[-1]


def test_login_where_creating_accounts_is_off(start_server: StartServer, tmp_path: Path, provider: Provider) -> None:
    settings = Settings(accounts=ACCOUNTS, providers=Providers(bearer=provider.settings(create=False)))
    running = start_server(settings, quick_options(tmp_path))
    with Client(running.address, "x") as client:
        assert "You have no account here" in ircv3_bearer(client, provider.token("7", "alice")).params[-1]


def test_bearer_mechanisms_are_offered_only_with_a_provider(start_server: StartServer, tmp_path: Path) -> None:
    running = start_server(Settings(accounts=ACCOUNTS), quick_options(tmp_path))
    with Client(running.address, "x") as client:
        client.send("CAP REQ :sasl", "AUTHENTICATE IRCV3BEARER")
        assert client.expect("908").params[1] == "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
        assert client.expect("904")


def test_a_reload_changes_the_provider(server: ServerThread, provider: Provider) -> None:
    def change(app: App) -> None:
        app.bearer.use(provider.settings(audience="wiki"))

    server.call(change)
    with Client(server.address, "x") as client:
        assert ircv3_bearer(client, provider.token("7", "alice")).command == "904"
        assert ircv3_bearer(client, provider.token("7", "alice", aud="wiki")).command == "903"
