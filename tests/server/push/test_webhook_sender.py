"""Webhooks: who makes them, what is posted, signatures, order, retries, and public addresses only."""

import hmac
import json
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from greenchat.commands.operators import shell
from greenchat.config.options import Storage
from greenchat.config.outbound import Outbound, WebhookRules
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from greenchat.values.addresses import network
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Http
from tests.http_recorder import HttpRecorder, Post, http_recorder
from tests.irc import Client, people

HERE = (network("127.0.0.1"), network("::1"))
Start = Callable[..., ServerThread]


@pytest.fixture
def recorder() -> Iterator[HttpRecorder]:
    with http_recorder() as found:
        found.status = 200
        yield found


@pytest.fixture
def start(start_server: StartServer, tmp_path: Path) -> Start:
    def starting(*, persistent: bool = False, **rules: Any) -> ServerThread:
        given: dict[str, Any] = {"enabled": True, "networks": HERE}
        settings = Settings(
            accounts=AccountSettings(iterations=4096), outbound=Outbound(webhooks=WebhookRules(**given | rules))
        )
        server = start_server(settings, replace(quick_options(tmp_path), storage=Storage(persistent=persistent)))
        server.call(hurry)
        return server

    return starting


def hurry(app: App) -> None:
    if app.notifications.webhooks:
        app.notifications.webhooks.pause = 0.01


@pytest.fixture
def server(start: Start) -> ServerThread:
    return start()


@pytest.fixture
def alice(server: ServerThread) -> Iterator[Client]:
    """Connect the founder of #dev."""
    with people(server.address, "alice") as (client,):
        own(client)
        yield client


def own(client: Client) -> None:
    client.send("REGISTER * * :sesame open")
    client.expect("900")
    client.join("#dev")
    assert "is now registered to you" in notices(client, "CS REGISTER #dev")


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def add(client: Client, url: str, word: str = "") -> tuple[str, str]:
    """Return id and secret of a new webhook."""
    answer = notices(client, f"CS WEBHOOK #dev ADD {url} {word}".rstrip())
    match = re.search(r"webhook (\w{8}) was created.*: (\S{32})", answer)
    assert match, answer
    return match[1], match[2]


def read(post: Post, secret: str) -> dict[str, Any]:
    """Return a post after checking its signature."""
    wanted = hmac.digest(secret.encode(), post.body, "sha256").hex()
    assert hmac.compare_digest(post.fields["x-hub-signature-256"], f"sha256={wanted}")
    document: dict[str, Any] = json.loads(post.body)
    assert post.fields["x-greenchat-delivery"] == document["msgid"]
    return document


def test_messages_are_posted_in_order(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    _, secret = add(alice, f"{recorder.url}/in")
    with people(server.address, "bob", caps="message-tags") as (bob,):
        bob.join("#dev")
        for number in range(30):
            bob.send(f"PRIVMSG #dev :grüße {number}")
        alice.run("NOTICE #dev :from alice")
        posts = [read(recorder.take(), secret) for _ in range(31)]
    bobs = [each["text"] for each in posts if each["nick"] == "bob"]
    assert bobs == [f"grüße {number}" for number in range(30)]
    (hers,) = [each for each in posts if each["nick"] == "alice"]
    assert (hers["command"], hers["channel"], hers["account"], hers["thread"]) == ("NOTICE", "#dev", "alice", None)


def test_only_the_configured_command_is_posted(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    _, secret = add(alice, recorder.url, "!deploy")
    alice.run("PRIVMSG #dev :hello", "PRIVMSG #dev :!deployed", "PRIVMSG #dev :!deploy web  2", "PRIVMSG #dev :!deploy")
    assert [read(recorder.take(), secret)["arguments"] for _ in range(2)] == [["web", "2"], []]
    alice.join("#other")
    alice.run("PRIVMSG #other :!deploy there")
    assert recorder.is_empty()


def test_a_failed_post_is_repeated_before_the_next(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    _, secret = add(alice, recorder.url)
    recorder.status = 503
    alice.run("PRIVMSG #dev :one", "PRIVMSG #dev :two")
    tried = [read(recorder.take(), secret)["text"] for _ in range(3)]
    assert tried == ["one"] * 3
    recorder.status = 200
    later = []
    while "two" not in later:
        later.append(read(recorder.take(), secret)["text"])
    assert set(later[:-1]) <= {"one"}


def test_a_message_that_is_never_accepted_is_dropped(
    server: ServerThread, alice: Client, recorder: HttpRecorder
) -> None:
    _, secret = add(alice, recorder.url)
    recorder.status = 500
    alice.run("PRIVMSG #dev :one", "PRIVMSG #dev :two")
    tried = [read(recorder.take(), secret)["text"] for _ in range(16)]
    assert tried == ["one"] * 8 + ["two"] * 8


def test_a_webhook_that_is_gone_is_removed(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    add(alice, recorder.url)
    recorder.status = 410
    alice.run("PRIVMSG #dev :one", "PRIVMSG #dev :two")
    recorder.take()
    while "no webhooks" not in notices(alice, "CS WEBHOOK #dev LIST"):
        pass
    assert recorder.is_empty()


def test_two_programs_do_not_answer_each_other_for_ever(
    server: ServerThread, alice: Client, recorder: HttpRecorder
) -> None:
    add(alice, recorder.url)
    secret = notices(alice, "NS TOKEN CREATE HOOK #dev").partition("hooks/")[2].split()[0]
    with Http(server.address) as http:
        body = json.dumps({"text": "said by a hook"}).encode()
        assert http.get(f"/hooks/{secret}", "POST", body, Content_Type="application/json").status == 200
    assert recorder.is_empty()


def test_a_webhook_ends_when_its_owner_loses_the_rank(
    server: ServerThread, alice: Client, recorder: HttpRecorder
) -> None:
    with people(server.address, "bob") as (bob,):
        bob.send("REGISTER * * :sesame open")
        bob.expect("900")
        bob.join("#dev")
        assert "does not make you an operator" in notices(bob, f"CS WEBHOOK #dev ADD {recorder.url}")
        alice.run("CS AMODE #dev +o bob")
        add(bob, recorder.url)
        alice.run("PRIVMSG #dev :heard")
        recorder.take()
        alice.run("CS AMODE #dev -o bob", "PRIVMSG #dev :not heard")
        assert recorder.is_empty()
        assert "no webhooks" in notices(alice, "CS WEBHOOK #dev LIST")


def test_a_webhook_ends_when_its_owner_is_banned(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    add(alice, recorder.url)
    with people(server.address, "bob") as (bob,):
        bob.join("#dev")
        server.call(lambda app: app.run_step(lambda ctx: ctx.propose(shell.ban, "alice", 0, "")))
        bob.run("PRIVMSG #dev :they must not hear it")
        assert recorder.is_empty()


def test_webhooks_survive_a_restart(start: Start, recorder: HttpRecorder) -> None:
    server = start(persistent=True)
    with people(server.address, "alice") as (alice,):
        own(alice)
        number, secret = add(alice, recorder.url)
    server.stop()
    again = start(persistent=True)
    with people(again.address, "helper") as (alice,):
        alice.run("NS IDENTIFY alice sesame open")
        alice.join("#dev")
        alice.run("PRIVMSG #dev :still")
        assert read(recorder.take(), secret)["text"] == "still"
        assert number in notices(alice, "CS WEBHOOK #dev LIST")
        assert "removed" in notices(alice, f"CS WEBHOOK #dev DEL {number}")
        alice.run("PRIVMSG #dev :no more")
    assert recorder.is_empty()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("ADD", "Usage"),
        ("DANCE", "Usage"),
        ("DEL nothing", "no webhook with that id"),
        ("ADD ftp://x/", "must be an https URL"),
        ("ADD https://", "must be an https URL"),
        ("ADD https://x/ " + "w" * 31, "at most 30"),
    ],
)
def test_bad_input(server: ServerThread, alice: Client, words: str, answer: str) -> None:
    assert answer in notices(alice, f"CS WEBHOOK #dev {words}")


def test_the_number_of_webhooks_is_limited(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    for _ in range(5):
        add(alice, recorder.url)
    assert "5 webhooks, the maximum" in notices(alice, f"CS WEBHOOK #dev ADD {recorder.url}")


def test_no_request_to_this_machine_unless_allowed(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: found("127.0.0.1", *rest, **more))
    with http_recorder(tmp_path / "tls") as recorder:
        server = start(networks=())
        with people(server.address, "alice") as (alice,):
            own(alice)
            assert "https" in notices(alice, "CS WEBHOOK #dev ADD http://localhost/")
            assert "public addresses only" in notices(alice, f"CS WEBHOOK #dev ADD {recorder.url}")
            assert "public addresses only" in notices(alice, "CS WEBHOOK #dev ADD https://10.0.0.1/x")
            assert "https" in notices(alice, "CS WEBHOOK #dev ADD https://[::1/")
            assert "no webhooks" in notices(alice, "CS WEBHOOK #dev LIST")
            add(alice, f"https://a.name.that.leads.here:{recorder.server_address[1]}/")
            alice.run("PRIVMSG #dev :hello")
            assert recorder.is_empty()


def test_webhooks_are_off_by_default(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(accounts=AccountSettings(iterations=4096)), quick_options(tmp_path))
    with people(server.address, "alice") as (alice,):
        own(alice)
        assert "Webhooks are disabled" in notices(alice, "CS WEBHOOK #dev ADD https://example.org/")
