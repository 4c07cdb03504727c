"""Staying signed in: the ticket, the cookie, logging in with the cookie, and all the ways in which it ends."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.tokens import SESSION, TICKET
from greenchat.config.options import Storage
from greenchat.config.settings import Settings
from greenchat.server.app import App
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Answer, Http, WebSocket


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(Settings(), quick_options(tmp_path))


@pytest.fixture
def alice(server: ServerThread) -> Iterator[WebSocket]:
    """Connect a browser whose user has an account."""
    with WebSocket(server.address) as browser:
        browser.register("alice")
        browser.say("NS REGISTER secret-door-7")
        browser.until("900")
        yield browser


def ticket(browser: WebSocket) -> str:
    browser.say("REMEMBER")
    return browser.until("REMEMBER", "FAIL")[-1].params[0]


def exchange(server: ServerThread, given: str, **fields: str) -> Answer:
    with Http(server.address) as http:
        body = json.dumps({"ticket": given}).encode()
        return http.get("/session", "POST", body, Content_Type="application/json", **fields)


def cookie(answer: Answer) -> str:
    assert answer.status == 204, answer
    return answer.fields["set-cookie"].partition(";")[0]


def who(server: ServerThread, brought: str) -> str | None:
    with Http(server.address) as http:
        answer = http.get("/session", Cookie=brought)
        assert answer.fields["cache-control"] == "no-store"
        account: str | None = json.loads(answer.body)["account"]
        return account


def log_in(server: ServerThread, brought: str) -> str:
    """Return the last numeric of a login by the cookie."""
    with WebSocket(server.address, Cookie=brought) as browser:
        browser.say("CAP LS 302", "CAP REQ sasl", "AUTHENTICATE EXTERNAL")
        if browser.until("AUTHENTICATE", "904", "908")[-1].command == "AUTHENTICATE":
            browser.say("AUTHENTICATE +")
        return browser.until("903", "904", "908")[-1].command


def kinds(server: ServerThread) -> list[str]:
    return server.call(lambda app: [token.kind for token in app.network.tokens])


def test_from_ticket_to_login(server: ServerThread, alice: WebSocket) -> None:
    answer = exchange(server, ticket(alice))
    name, *attributes = answer.fields["set-cookie"].split("; ")
    assert attributes == ["Path=/", "Max-Age=2592000", "HttpOnly", "SameSite=Strict"]
    assert who(server, name) == "alice"
    with WebSocket(server.address, Cookie=f"other=1; {name}") as browser:
        browser.say("CAP LS 302")
        offered = browser.until("CAP")[-1].params[-1]
        assert "EXTERNAL" in offered[offered.index("sasl=") :].split()[0]
    assert log_in(server, name) == "903"


def test_without_a_cookie(server: ServerThread, alice: WebSocket) -> None:
    assert who(server, "x=y") is None
    assert who(server, "greenchat=wrong") is None
    assert log_in(server, "greenchat=wrong") == "904"
    with WebSocket(server.address) as browser:
        browser.say("CAP LS 302")
        assert "EXTERNAL" not in browser.until("CAP")[-1].params[-1]


def test_a_ticket_is_valid_once(server: ServerThread, alice: WebSocket) -> None:
    given = ticket(alice)
    assert exchange(server, given).status == 204
    assert exchange(server, given).status == 403
    assert kinds(server) == [SESSION]


def test_a_ticket_expires(server: ServerThread, alice: WebSocket) -> None:
    given = ticket(alice)

    def age(app: App) -> None:
        for token in app.network.tokens:
            app.network.tokens.put(replace(token, expires=app.now()))

    server.call(age)
    assert exchange(server, given).status == 403


def test_tickets_and_cookies_are_not_interchangeable(server: ServerThread, alice: WebSocket) -> None:
    given = ticket(alice)
    assert who(server, f"greenchat={given}") is None
    assert log_in(server, f"greenchat={given}") == "904"
    secret = cookie(exchange(server, given)).partition("=")[2]
    assert exchange(server, secret).status == 403


def test_without_a_login_there_is_no_ticket(server: ServerThread) -> None:
    with WebSocket(server.address) as browser:
        browser.register("bob")
        browser.say("REMEMBER")
        assert browser.until("FAIL")[-1].params[:2] == ("REMEMBER", "ACCOUNT_REQUIRED")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost"}, 204),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_tickets_are_exchanged_for_our_origin_only(
    server: ServerThread, alice: WebSocket, fields: dict[str, str], status: int
) -> None:
    with Http(server.address) as http:
        given = {"Content_Type": "application/json"} | {name.replace("-", "_"): text for name, text in fields.items()}
        body = json.dumps({"ticket": ticket(alice)}).encode()
        assert http.get("/session", "POST", body, **given).status == status


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b'{"ticket": 1}', b'{"ticket": "' + b"x" * 300 + b'"}'])
def test_invalid_tickets(server: ServerThread, body: bytes) -> None:
    with Http(server.address) as http:
        assert http.get("/session", "POST", body, Content_Type="application/json").status == 400


def test_a_body_that_is_too_large(server: ServerThread) -> None:
    with Http(server.address) as http:
        answer = http.get("/session", "POST", b'{"ticket":"' + b"x" * 70_000, Content_Type="application/json")
        assert (answer.status, answer.fields["connection"]) == (413, "close")


def test_signing_out(server: ServerThread, alice: WebSocket) -> None:
    brought = cookie(exchange(server, ticket(alice)))
    with Http(server.address) as http:
        assert http.get("/session", "DELETE", Cookie=brought, Origin="http://evil.example").status == 403
        assert who(server, brought) == "alice"
        answer = http.get("/session", "DELETE", Cookie=brought)
        assert (answer.status, answer.fields["set-cookie"].split("; ")[0]) == (204, "greenchat=")
    assert who(server, brought) is None
    assert log_in(server, brought) == "904"


def test_a_new_password_signs_out(server: ServerThread, alice: WebSocket) -> None:
    brought = cookie(exchange(server, ticket(alice)))
    given = ticket(alice)
    alice.say("NS PASSWD secret-door-7 other-door-7")
    while "was changed" not in alice.until("NOTICE")[-1].params[-1]:
        pass
    assert who(server, brought) is None
    assert exchange(server, given).status == 403
    assert kinds(server) == []


def test_the_end_of_the_account_signs_out(server: ServerThread, alice: WebSocket) -> None:
    brought = cookie(exchange(server, ticket(alice)))
    alice.say("NS DROP alice secret-door-7")
    alice.until("901")
    assert who(server, brought) is None
    assert log_in(server, brought) == "904"
    assert kinds(server) == []


def test_the_oldest_browser_is_signed_out_when_there_are_too_many(server: ServerThread, alice: WebSocket) -> None:
    cookies = [cookie(exchange(server, ticket(alice))) for _ in range(21)]
    assert who(server, cookies[0]) is None
    assert who(server, cookies[1]) == who(server, cookies[-1]) == "alice"
    assert kinds(server).count(SESSION) == 20


def test_the_number_of_tickets_is_limited(server: ServerThread, alice: WebSocket) -> None:
    alice.say(*["REMEMBER"] * 50)
    for _ in range(50):
        alice.until("REMEMBER")
    assert kinds(server).count(TICKET) == 20


def test_it_survives_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage())
    first = start_server(Settings(), options)
    with WebSocket(first.address) as browser:
        browser.register("alice")
        browser.say("NS REGISTER secret-door-7")
        browser.until("900")
        secret = cookie(exchange(first, ticket(browser)))
        gone = cookie(exchange(first, ticket(browser)))
    with Http(first.address) as http:
        http.get("/session", "DELETE", Cookie=gone)
    first.stop()
    second = start_server(Settings(), options)
    assert who(second, secret) == "alice"
    assert who(second, gone) is None


def test_servers_on_one_machine_use_different_cookies(server: ServerThread, alice: WebSocket) -> None:
    answer = exchange(server, ticket(alice), Host="localhost:9090")
    assert answer.fields["set-cookie"].startswith("greenchat_9090=")


def test_secrets_are_not_stored(server: ServerThread, alice: WebSocket) -> None:
    secret = cookie(exchange(server, ticket(alice))).partition("=")[2]
    assert len(base64.urlsafe_b64decode(secret)) == 24
    assert secret not in server.call(lambda app: str([token.document() for token in app.network.tokens]))


def signed_in(server: ServerThread, brought: str) -> WebSocket:
    """Return a browser that has logged in by its cookie."""
    browser = WebSocket(server.address, Cookie=brought)
    browser.say("CAP LS 302", "CAP REQ sasl", "AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
    browser.until("903")
    browser.say("NICK again", "USER a 0 * :a", "CAP END")
    browser.until("376", "422")
    return browser


def notices(browser: WebSocket, line: str) -> list[str]:
    browser.say(line, "PING done")
    return [message.params[-1] for message in browser.until("PONG") if message.command == "NOTICE"]


def test_logging_out_signs_out(server: ServerThread, alice: WebSocket) -> None:
    brought, other = (cookie(exchange(server, ticket(alice))) for _ in range(2))
    with signed_in(server, brought) as browser:
        assert notices(browser, "NS LOGOUT")[-1] == "You are now logged out"
    assert who(server, brought) is None
    assert who(server, other) == "alice"


@pytest.mark.parametrize("words", ["OTHERS", "ALL", "number"])
def test_ending_other_connections_signs_out(server: ServerThread, alice: WebSocket, words: str) -> None:
    brought = cookie(exchange(server, ticket(alice)))
    with signed_in(server, brought):
        lines = notices(alice, "NS SESSIONS")
        assert lines[-1].startswith("Browsers that are signed in, since ")
        number = next(line.split()[0] for line in lines if "(this one)" not in line)
        notices(alice, f"NS LOGOUT {number if words == 'number' else words}")
    assert who(server, brought) is None
    assert log_in(server, brought) == "904"
