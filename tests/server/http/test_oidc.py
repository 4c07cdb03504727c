"""Logging in on the page through an identity provider: the callback, the account, and what is refused."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from select import select
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from greenchat.chat.tokens import SESSION
from greenchat.commands.accounts.tokens import token_revocation
from greenchat.commands.core.persistence import carry_out, change_account
from greenchat.commands.core.process import ExternalAuthError
from greenchat.commands.operators.shell import ban
from greenchat.config.oidc import Oidc
from greenchat.config.providers import Providers
from greenchat.config.settings import AccountSettings, Settings
from greenchat.config.web import Web
from greenchat.server.external_auth import oidc_client
from greenchat.server.external_auth.oidc_client import OidcClient, Secrets
from greenchat.server.http import oidc
from tests.commands.devices import device, make_account
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import KEY, Answer, Http, WebSocket
from tests.irc import Client
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, Person, new_key, oidc_provider
from tests.patience import PATIENCE

PAGE = "http://chat.example.org/chat/"
Start = Callable[..., ServerThread]


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with oidc_provider() as found:
        found.redirect = f"{PAGE}oidc/callback"
        yield found


@pytest.fixture
def start(start_server: StartServer, tmp_path: Path, provider: OidcProvider) -> Start:
    def starting(**rules: Any) -> ServerThread:
        given = {"issuer": provider.issuer, "url": PAGE, "client_id": CLIENT, "client_secret": SECRET, **rules}
        settings = Settings(accounts=AccountSettings(iterations=4096), providers=Providers(oidc=Oidc(**given)))
        return start_server(settings, replace(quick_options(tmp_path), web=Web(base="/chat/")))

    return starting


@pytest.fixture
def server(start: Start) -> ServerThread:
    return start()


class Browser:
    """A browser that follows redirects between the page and the provider, and keeps cookies."""

    def __init__(self, server: ServerThread) -> None:
        self._server = server
        self.cookies: dict[str, str] = {}

    def get(self, target: str, **fields: str) -> Answer:
        """Get a page of the server."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with Http(self._server.address) as http:
            answer = http.get(target, "GET", b"", Cookie=cookies, **fields)
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        # the last cookie that is set: tests.http_client keeps one field of a name
        name, _, rest = answer.fields.get("set-cookie", "").partition("=")
        if name and rest.partition(";")[0]:
            self.cookies[name] = rest.partition(";")[0]

    def begin(self) -> str:
        """Start a login; return the address at the provider."""
        answer = self.get("/chat/oidc/login")
        assert answer.status == 302, answer.body
        assert "HttpOnly; SameSite=Lax" in answer.fields["set-cookie"]
        return answer.fields["location"]

    def at_provider(self, address: str) -> str:
        """Return the path at the server to which the provider redirects."""
        parts = urlsplit(address)
        connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        location = answer.headers.get("Location", "")
        connection.close()
        assert answer.status == 302, answer.reason
        assert location.startswith(PAGE)
        return location.removeprefix("http://chat.example.org")

    def log_in(self) -> Answer:
        """Do the whole login."""
        return self.get(self.at_provider(self.begin()))

    @property
    def account(self) -> str | None:
        """The account as which the server knows this browser."""
        account: str | None = json.loads(self.get("/chat/session").body)["account"]
        return account


def signed_in(server: ServerThread) -> dict[str, str]:
    """Return the cookie of a browser that is signed in to the account alice."""
    with Client(server.address) as client:
        client.send("CAP REQ :sasl", "NICK alice", "USER a 0 * :a", "AUTHENTICATE PLAIN")
        client.expect("AUTHENTICATE")
        client.send("AUTHENTICATE AGFsaWNlAHNlc2FtZSBvcGVu", "REMEMBER")
        ticket = client.expect("REMEMBER").params[0]
    with Http(server.address) as http:
        body = json.dumps({"ticket": ticket}).encode()
        answer = http.get("/chat/session", "POST", body, Content_Type="application/json")
    name, _, secret = answer.fields["set-cookie"].partition(";")[0].partition("=")
    return {name: secret}


def names(server: ServerThread) -> list[str]:
    return server.call(lambda app: [account.name for account in app.network.accounts])


def test_redirects_of_a_login(server: ServerThread, provider: OidcProvider) -> None:
    browser = Browser(server)
    address = browser.begin()
    asked = dict(parse_qsl(urlsplit(address).query))
    # OpenID Connect Core, section 3.1.2.1, and RFC 7636, section 4.3
    assert address.startswith(f"{provider.issuer}/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid profile")
    assert (asked["redirect_uri"], asked["code_challenge_method"]) == (f"{PAGE}oidc/callback", "S256")
    answer = browser.get(browser.at_provider(address))
    assert (answer.status, answer.fields["location"]) == (302, "/chat/")
    assert "SameSite=Strict" in answer.fields["set-cookie"]
    assert browser.account == "alice"
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with web_socket(server, cookie) as socket:
        socket.say("CAP REQ :sasl", "NICK alice", "USER alice 0 * :a", "AUTHENTICATE EXTERNAL")
        socket.until("AUTHENTICATE")
        socket.say("AUTHENTICATE +")
        assert socket.until("903", "904")[-1].command == "903"


def web_socket(server: ServerThread, cookie: str) -> WebSocket:
    """Open a WebSocket below the base path."""
    socket = WebSocket.__new__(WebSocket)
    Http.__init__(socket, server.address)
    fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": KEY}
    assert socket.get("/chat/ws", "GET", b"", **fields, Cookie=cookie).status == 101
    return socket


def test_a_subject_keeps_its_account_when_the_provider_renames_it(server: ServerThread, provider: OidcProvider) -> None:
    assert Browser(server).log_in().status == 302
    provider.person = Person("7", "alicia@example.org")
    browser = Browser(server)
    browser.log_in()
    assert browser.account == "alice"
    provider.person = Person("8", "bob@example.org")
    other = Browser(server)
    other.log_in()
    assert other.account == "bob"
    assert names(server) == ["alice", "bob"]


def test_a_name_alone_does_not_log_in_to_an_account_with_a_password(
    server: ServerThread, provider: OidcProvider
) -> None:
    make_account(server.address, "alice")
    browser = Browser(server)
    refused = browser.log_in()
    assert (refused.status, browser.account) == (403, None)
    assert b"The account alice already exists" in refused.body
    browser.cookies = signed_in(server)
    assert browser.log_in().status == 302, "signed in to the account, the login links it"
    assert Browser(server).log_in().status == 302
    assert names(server) == ["alice"]


def test_a_signed_in_browser_cannot_become_another_account(server: ServerThread, provider: OidcProvider) -> None:
    make_account(server.address, "alice")
    browser = Browser(server)
    browser.cookies = signed_in(server)
    provider.person = Person("8", "bob")
    assert Browser(server).log_in().status == 302
    refused = browser.log_in()
    assert refused.status == 403
    assert b"Your login at the provider belongs to the account bob. You are signed in as alice" in refused.body
    provider.person = Person("7", "alice")
    assert browser.log_in().status == 302
    provider.person = Person("9", "carol")
    refused = browser.log_in()
    assert refused.status == 403
    assert b"The account alice belongs to another login at the provider" in refused.body
    assert browser.account == "alice"
    assert sorted(names(server)) == ["alice", "bob"]


def test_links_are_listed_and_removed(server: ServerThread, provider: OidcProvider) -> None:
    make_account(server.address, "alice")
    browser = Browser(server)
    browser.cookies = signed_in(server)
    assert browser.log_in().status == 302
    with device(server.address, "alice") as client:

        def replies(line: str) -> list[str]:
            return [each.params[-1] for each in client.run(f"NS PROVIDER {line}") if each.command == "NOTICE"]

        assert replies("LIST") == [f"1: {provider.issuer} 7"]
        for wrong in ("DEL", "DEL 0", "DEL 2", "DEL x", "DEL ²", "DEL " + "9" * 400, "ADD 1"):
            assert re.search("Usage|no link with that number", replies(wrong)[0]), wrong
        assert replies("DEL 1") == [f"{provider.issuer} 7 can no longer log in to your account"]
        assert replies("") == ["Your account is not linked to a provider"]
    assert Browser(server).log_in().status == 403, "there is an account of this name, and it is not theirs"


def test_the_last_way_of_logging_in_is_kept(server: ServerThread, provider: OidcProvider) -> None:
    browser = Browser(server)
    browser.log_in()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with web_socket(server, cookie) as client:
        client.say(
            "CAP REQ :sasl", "NICK alice", "USER alice 0 * :a", "AUTHENTICATE EXTERNAL", "AUTHENTICATE +", "CAP END"
        )
        client.say("NS PROVIDER DEL 1", "PING x")
        texts = [each.params[-1] for each in client.until("PONG") if each.command == "NOTICE"]
    assert texts[-1].startswith("This link is the only way to log in to your account, since it has no password")
    assert Browser(server).log_in().status == 302


def test_a_browser_that_was_signed_out_meanwhile_links_nothing(server: ServerThread, provider: OidcProvider) -> None:
    """Otherwise a thief of a browser would get a way in that survives the next password."""
    make_account(server.address, "alice")
    thief = Browser(server)
    thief.cookies = signed_in(server)
    back = thief.at_provider(thief.begin())
    server.call(
        lambda app: app.run_step(lambda ctx: carry_out(ctx, token_revocation(ctx, *ctx.network.accounts, SESSION)))
    )
    assert thief.get(back).status == 403
    assert server.call(lambda app: [account.subjects for account in app.network.accounts]) == [()]


def test_a_login_expires_after_minutes(server: ServerThread, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(server)
    back = browser.at_provider(browser.begin())
    monkeypatch.setattr(oidc, "_LASTS", 0)
    assert browser.get(back).status == 403, "the server checks the age, not the cookie"


def test_logins_of_one_address_do_not_block_others(server: ServerThread, provider: OidcProvider) -> None:
    provider.gate.clear()
    with ExitStack() as stack:
        many = [stack.enter_context(Http(server.address)) for _ in range(oidc._MOST_OF_ONE + 1)]
        other = stack.enter_context(Http(server.address))
        other.sock.close()
        other.sock = socket.create_connection(server.address, timeout=PATIENCE, source_address=("127.0.0.2", 0))
        for http in many:
            http.send(b"GET /chat/oidc/login HTTP/1.1\r\nHost: x\r\n\r\n")
        answered, _, _ = select([http.sock for http in many], [], [], 20)
        assert [http.answer().status for http in many if http.sock in answered] == [503]
        other.send(b"GET /chat/oidc/login HTTP/1.1\r\nHost: x\r\n\r\n")
        provider.gate.set()
        assert other.answer().status == 302


@pytest.mark.parametrize("name", ["", "a b", "x" * 80, "root", "NickServ", "#x"])
def test_invalid_account_names(server: ServerThread, provider: OidcProvider, name: str) -> None:
    provider.person.name = name
    refused = Browser(server).log_in()
    assert (refused.status, len(refused.body.decode().splitlines())) == (403, 1)
    assert names(server) == []


def test_no_account_is_created_where_that_is_off(start: Start) -> None:
    assert Browser(start(create=False)).log_in().body == b"You have no account here\n"


@pytest.mark.parametrize(
    "more",
    [
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"nonce": "another"},
        {"azp": "another"},
        {"sub": None},
    ],
)
def test_a_token_for_another_login(server: ServerThread, provider: OidcProvider, more: dict[str, Any]) -> None:
    provider.person.more = more
    refused = Browser(server).log_in()
    assert (refused.status, names(server)) == (502, [])
    assert refused.body.startswith(b"The login at the provider failed")


def test_a_token_with_a_wrong_signature(
    server: ServerThread, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    with oidc_provider() as other:
        other.issuer, other.key = provider.issuer, new_key()
        provider.token = other.token  # type: ignore[method-assign]  # as if it were forged
        assert Browser(server).log_in().status == 502
    assert "a login from 127.0.0.1 at the provider failed: " in caplog.text


def test_the_callback_of_another_browser_is_refused(server: ServerThread, provider: OidcProvider) -> None:
    """A user who is lured to the callback with another user's code would be logged in as that user: RFC 6749, section
    10.12.
    """
    mine, victim = Browser(server), Browser(server)
    back = mine.at_provider(mine.begin())
    assert victim.get(back).status == 403, "this browser began no login"
    victim.begin()
    assert victim.get(back).status == 403, "this browser began another login"
    asked = len(provider.asked)
    name, _, signature = mine.cookies["greenchat_oidc"].rpartition(".")
    forged = Browser(server)
    forged.cookies = {"greenchat_oidc": f"{name}=x.{signature}"}
    assert forged.get(back).status == 403
    for target in ("/chat/oidc/callback", "/chat/oidc/callback?code=x&state=", "/chat/oidc/callback?state=x"):
        assert victim.get(target).status == 403
    assert len(provider.asked) == asked, "and the provider is not asked"
    assert mine.get(back).status == 302
    assert mine.get(back).status == 502, "a code is valid once"


def test_guessed_codes_are_limited(server: ServerThread, provider: OidcProvider) -> None:
    browser = Browser(server)
    state = dict(parse_qsl(urlsplit(browser.begin()).query))["state"]
    statuses = [browser.get(f"/chat/oidc/callback?code=guess&state={state}").status for _ in range(12)]
    assert statuses == [502] * 10 + [429] * 2
    assert provider.asked.count("/realm/token") == 10


def test_a_failing_provider_is_not_asked_for_a_while(server: ServerThread, provider: OidcProvider) -> None:
    issuer, provider.issuer = provider.issuer, "http://127.0.0.1/another"
    browser = Browser(server)
    assert [browser.get("/chat/oidc/login").status for _ in range(5)] == [502] * 5
    assert len(provider.asked) == 1
    provider.issuer = issuer


def test_the_user_refuses_at_the_provider(server: ServerThread, provider: OidcProvider) -> None:
    provider.error = "access_denied"
    refused = Browser(server).log_in()
    assert (refused.status, refused.body) == (403, b"Not logged in: your organisation says 'access_denied'\n")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("alice", b"This account is banned from this server\n"),
        ("127.0.0.1", b"You are banned from this server: spam\n"),
    ],
)
def test_banned_users(server: ServerThread, target: str, text: bytes) -> None:
    Browser(server).log_in()
    back = (browser := Browser(server)).at_provider(browser.begin())
    server.call(lambda app: app.run_step(lambda ctx: ban(ctx, target, 0, "spam")))
    refused = browser.get(back)
    assert (refused.status, refused.body) == (403, text)
    assert len([each for each in server.app.network.tokens if each.kind == SESSION]) == 1


def test_suspended_accounts(server: ServerThread) -> None:
    Browser(server).log_in()
    server.call(lambda app: app.run_step(lambda ctx: change_account(ctx, "alice", suspended="spam")))
    refused = Browser(server).log_in()
    assert (refused.status, b"is suspended: spam" in refused.body) == (403, True)
    assert len([each for each in server.app.network.tokens if each.kind == SESSION]) == 1


def test_an_unreachable_or_misconfigured_provider(start: Start, provider: OidcProvider) -> None:
    assert Browser(start(client_secret="wrong")).log_in().status == 502
    wrong = start(issuer=f"{provider.issuer}/")
    failed = Browser(wrong).get("/chat/oidc/login")
    assert (failed.status, len(failed.body.decode().splitlines())) == (502, 1)
    provider.shutdown()
    provider.server_close()
    assert Browser(start()).get("/chat/oidc/login").status == 502


def test_a_hanging_provider_does_not_delay_others(server: ServerThread, provider: OidcProvider) -> None:
    provider.gate.clear()
    with Http(server.address) as http, Client(server.address, "bob") as bob:
        http.send(b"GET /chat/oidc/login HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(3):
            bob.sync()
        provider.gate.set()
        assert http.answer().status == 302


def test_the_page_knows_the_provider(server: ServerThread, start_server: StartServer, tmp_path: Path) -> None:
    assert json.loads(Browser(server).get("/chat/config.json").body)["provider"] == "your organisation"
    plain = start_server(Settings(), quick_options(tmp_path / "other"))
    with Http(plain.address) as http:
        assert json.loads(http.get("/config.json").body)["provider"] is None
        assert http.get("/oidc/login").status == 404


def test_no_endpoint_of_a_provider_is_used_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anyone who could change the answer of its well-known address would get the code, and the client's secret."""
    found = {
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/a",
        "token_endpoint": "http://id.example/t",
        "jwks_uri": "https://id.example/k",
    }
    monkeypatch.setattr(oidc_client, "fetch", lambda *_, **__: (200, json.dumps(found).encode()))
    client = OidcClient(Oidc(issuer="https://id.example", url=PAGE, client_id="x"))
    with pytest.raises(ExternalAuthError, match="do not use https"):
        client.address(Secrets("a", "b", "c" * 43))
