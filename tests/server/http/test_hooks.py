"""Hooks: who makes them, what programs may post, and that a hook obeys the channel's modes and bans."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from greenchat.chat.tokens import hash_of
from greenchat.commands.operators import shell
from greenchat.config.options import Storage
from greenchat.config.settings import AccountSettings, Settings
from greenchat.config.web import Web
from greenchat.server.app import App
from greenchat.storage.interface import Speech, StoredEvent, StoreError, StoreWrite
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Answer, Http
from tests.irc import Client, people
from tests.server.forked import run, started

QUICK = Settings(accounts=AccountSettings(iterations=4096))
CAPS = "message-tags server-time draft/relaymsg echo-message account-tag"


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(QUICK, quick_options(tmp_path))


@pytest.fixture
def alice(server: ServerThread) -> Iterator[Client]:
    """Connect the founder of #dev, who is a member."""
    with people(server.address, "alice", caps=CAPS) as (client,):
        own(client)
        yield client


def own(client: Client, channel: str = "#dev") -> None:
    """Register an account and a channel."""
    client.send("REGISTER * * :sesame open")
    client.expect("900")
    client.join(channel)
    assert "is now registered to you" in notices(client, f"CS REGISTER {channel}")


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def make(client: Client, words: str = "#dev") -> str:
    """Return the secret of a new hook."""
    answer = notices(client, f"NS TOKEN CREATE HOOK {words}")
    assert " hooks/" in answer, answer
    return answer.partition("hooks/")[2].split()[0]


def post(server: ServerThread, secret: str, body: object, http: Http | None = None, /, **fields: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content_Type": "application/json"} | fields
    if http:
        return http.get(f"/hooks/{secret}", "POST", data, **given)
    with Http(server.address) as once:
        return once.get(f"/hooks/{secret}", "POST", data, **given)


def test_a_banned_account_cannot_post(server: ServerThread, alice: Client) -> None:
    secret = make(alice)
    assert post(server, secret, {"text": "hello"}).status == 200
    server.call(lambda app: app.run_step(lambda ctx: ctx.propose(shell.ban, "alice", 0, "")))
    assert post(server, secret, {"text": "hello again"}).status == 404


def test_a_post_becomes_a_message(server: ServerThread, alice: Client) -> None:
    secret = make(alice)
    answer = post(server, secret, {"text": "build 7 is green", "name": "CI server"})
    assert answer.status == 200
    message = alice.expect("PRIVMSG")
    assert message.source == "CI-server/hook!hook@greenchat.local"
    assert message.params == ("#dev", "build 7 is green")
    assert json.loads(answer.body) == {"msgids": [message.tags["msgid"]]}
    # the account behind it is named as with RELAYMSG; the message does not count as the account's
    assert message.tags["draft/relaymsg"] == "alice"
    assert "account" not in message.tags


def test_a_post_is_in_the_history_and_may_reply(server: ServerThread, alice: Client) -> None:
    secret = make(alice)
    (own_line,) = alice.run("PRIVMSG #dev :deploy?")
    post(server, secret, {"text": "deployed", "thread": own_line.tags["msgid"]})
    assert alice.expect("PRIVMSG").tags["+draft/reply"] == own_line.tags["msgid"]
    post(server, secret, {"text": "no id", "thread": "x y"})
    assert "+draft/reply" not in alice.expect("PRIVMSG").tags
    with people(server.address, "bob", caps="draft/chathistory batch server-time") as (bob,):
        bob.join("#dev")
        messages = bob.run("CHATHISTORY LATEST #dev * 9")
        texts = [message.params[-1] for message in messages if message.command == "PRIVMSG"]
        assert texts == ["deploy?", "deployed", "no id"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo\r\n\n three", ["one", "two", " three"]),
        ("\x01VERSION\x01", ["^AVERSION^A"]),
        ("a\r\nQUIT :x\0\x1b[2J", ["a", "QUIT :x^@^[[2J"]),
        ("half \ud800", ["half ?"]),
        ("x" * 500, ["x" * 455, "x" * 45]),
    ],
)
def test_long_texts_are_split_into_messages(server: ServerThread, alice: Client, text: str, lines: list[str]) -> None:
    assert post(server, make(alice), {"text": text, "name": "x"}).status == 200
    messages = [alice.expect("PRIVMSG").params[-1] for _ in lines]
    assert "".join(messages) == "".join(lines)
    assert len(messages) == len(lines)


def test_null_fields_are_left_out(server: ServerThread, alice: Client) -> None:
    secret = make(alice)
    assert post(server, secret, {"text": "x", "name": None, "thread": None, "picture": None}).status == 200
    message = alice.expect("PRIVMSG")
    assert (message.nick, message.params[-1]) == ("web/hook", "x")
    assert post(server, secret, {"text": "x &lt; y", "name": "ci", "channel": None}).status == 200
    message = alice.expect("PRIVMSG")
    assert (message.nick, message.params[1]) == ("ci/hook", "x &lt; y"), "entities are for Slack's form only"
    assert post(server, secret, {"text": None}).body == b'A text is required, like {"text": "hello"}\n'


@pytest.mark.parametrize(
    ("name", "nick"),
    [
        ("", "web/hook"),
        ("alice", "alice/hook"),
        ("@alice!x@y", "alicexy/hook"),
        ("a" * 99, "a" * 30 + "/hook"),
        ("\x01\n :", "web/hook"),
        ("Jürgen", "Jürgen/hook"),
    ],
)
def test_a_nick_cannot_look_like_a_hook(server: ServerThread, alice: Client, name: str, nick: str) -> None:
    post(server, make(alice), {"text": "hi", "name": name})
    assert alice.expect("PRIVMSG").nick == nick


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"text": 7}', "application/json", 422),
        (b'{"text": " \\n"}', "application/json", 422),
        (b'{"text": "x", "name": []}', "application/json", 422),
        (b'{"text": "\\u0000"}', "application/json", 200),
        (json.dumps({"text": "x\n" * 21}).encode(), "application/json", 422),
        (json.dumps({"text": "x" * 20_000}).encode(), "application/json", 422),
        (b"x=" + b"1" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"x=1", "application/x-www-form-urlencoded", 400),
        (b'{"text": "x"}', "text/plain", 415),
    ],
)
def test_bad_input(server: ServerThread, alice: Client, body: bytes, kind: str, status: int) -> None:
    secret = make(alice)
    answer = post(server, secret, body, Content_Type=kind)
    assert answer.status == status, answer
    assert post(server, secret, {"text": "still here"}).status == 200


def test_only_post(server: ServerThread, alice: Client) -> None:
    with Http(server.address) as http:
        answer = http.get(f"/hooks/{make(alice)}")
        assert (answer.status, answer.fields["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("secret", ["wrong", "", "x" * 5000, "a/b", "%00"])
def test_unknown_secrets(server: ServerThread, alice: Client, secret: str) -> None:
    assert post(server, secret, {"text": "x"}).status == 404


def test_rate_limit(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(QUICK, replace(quick_options(tmp_path), web=Web(hook_rate=1)))
    with people(server.address, "alice", caps=CAPS) as (alice,), Http(server.address) as http:
        own(alice)
        secret, other = make(alice), make(alice)
        statuses = [post(server, secret, {"text": str(number)}, http).status for number in range(20)]
        assert statuses == [200] * 20
    refused = post(server, secret, {"text": "20"})
    assert refused.status == 429
    assert 1 <= int(refused.fields["retry-after"]) <= 61
    assert post(server, other, {"text": "another hook is another matter"}).status == 200


@pytest.mark.parametrize("mode", ["+m", "+M", "+n", "+U", "+i", "+b *!*@nowhere.example"])
def test_a_hook_may_do_what_an_operator_may(server: ServerThread, alice: Client, mode: str) -> None:
    secret = make(alice)
    alice.run(f"MODE #dev {mode}", "PART #dev")
    assert post(server, secret, {"text": "hi"}).status == 200


@pytest.mark.parametrize(
    ("mode", "text"),
    [("+c", "\x0304red"), ("+b ci/hook!*@*", "hi"), ("+b m:ci/hook!*@*", "hi")],
)
def test_messages_that_channel_modes_refuse(server: ServerThread, alice: Client, mode: str, text: str) -> None:
    secret = make(alice)
    alice.run(f"MODE #dev {mode}")
    answer = post(server, secret, {"text": f"fine\n{text}", "name": "ci"})
    assert answer.status == 403, answer
    assert alice.commands("PING x") == ["PONG"]  # none of the lines was sent


def test_who_may_make_a_hook(server: ServerThread, alice: Client) -> None:
    with people(server.address, "bob") as (bob,):
        assert "not logged in" in notices(bob, "NS TOKEN CREATE HOOK #dev")
        bob.send("REGISTER * * :sesame open")
        bob.expect("900")
        bob.join("#dev")
        alice.run("MODE #dev +o bob")  # a temporary rank is not enough: the hook would continue after bob has left
        assert "The access list of #dev does not make you an operator" in notices(bob, "NS TOKEN CREATE HOOK #dev")
        assert "The access list of #nowhere does not make you an operator" in notices(
            bob, "NS TOKEN CREATE HOOK #nowhere"
        )
        notices(alice, "CS AMODE #dev +h bob")
        assert "The access list of #dev does not make you an operator" in notices(bob, "NS TOKEN CREATE HOOK #dev")
        notices(alice, "CS AMODE #dev +o bob")
        secret = make(bob)
        assert post(server, secret, {"text": "hi"}).status == 200
        notices(alice, "CS AMODE #dev -o bob")
        assert post(server, secret, {"text": "hi"}).status == 404
        notices(alice, "CS AMODE #dev +o bob")
        assert post(server, secret, {"text": "hi"}).status == 200
        bob.send("QUIT")
        alice.expect("QUIT")
    assert post(server, secret, {"text": "its owner need not be here"}).status == 200


def test_how_a_hook_ends(server: ServerThread, alice: Client) -> None:
    secrets = [make(alice) for _ in range(2)]
    gone = hash_of(secrets[0])[:8]
    assert f"{gone} was revoked" in notices(alice, f"NS TOKEN REVOKE {gone}")
    assert post(server, secrets[0], {"text": "x"}).status == 404
    assert post(server, secrets[1], {"text": "x"}).status == 200
    with people(server.address, "bob") as (bob,):
        bob.send("REGISTER * * :sesame open")
        bob.expect("900")
        other = hash_of(secrets[1])[:8]
        assert "You have no token with that id" in notices(bob, f"NS TOKEN REVOKE {other}")
        assert "does not make you an operator" in notices(bob, "NS TOKEN LIST #dev")
        notices(alice, "CS AMODE #dev +o bob")
        assert other in notices(bob, "NS TOKEN LIST #dev")
        assert notices(bob, "NS TOKEN LIST") == "No tokens"
        notices(bob, f"NS TOKEN REVOKE {other}")
    assert post(server, secrets[1], {"text": "x"}).status == 404


def test_a_hook_has_an_expiry_and_a_label(server: ServerThread, alice: Client) -> None:
    secret = make(alice, "#dev 30d nightly builds")
    (line,) = [line for line in notices(alice, "NS TOKEN LIST").splitlines() if "hook" in line]
    assert line.startswith(f"{hash_of(secret)[:8]}  hook for #dev, by alice, since ")
    assert ", until " in line
    assert line.endswith(": nightly builds")
    assert secret not in line

    def age(app: App) -> None:
        for token in app.network.tokens:
            app.network.tokens.put(replace(token, expires=app.now()))

    server.call(age)
    assert post(server, secret, {"text": "x"}).status == 404
    assert notices(alice, "NS TOKEN LIST") == "No tokens"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("TOKEN", "Usage: TOKEN <CREATE|LIST|REVOKE>"),
        ("TOKEN WHAT", "Usage: TOKEN CREATE|LIST|REVOKE"),
        ("TOKEN CREATE", "Usage: TOKEN CREATE HOOK"),
        ("TOKEN CREATE BOT #dev", "Usage: TOKEN CREATE HOOK"),
        ("TOKEN REVOKE", "Usage: TOKEN REVOKE"),
        ("TOKEN REVOKE x", "You have no token"),
        ("TOKEN CREATE HOOK #dev " + "x" * 51, "A label has at most"),
    ],
)
def test_invalid_commands(server: ServerThread, alice: Client, words: str, answer: str) -> None:
    assert answer in notices(alice, f"NS {words}")


def test_the_number_of_hooks_is_limited(server: ServerThread, alice: Client) -> None:
    for _ in range(20):
        make(alice)
    assert "the maximum" in notices(alice, "NS TOKEN CREATE HOOK #dev")


def test_the_secret_is_not_stored(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage())
    first = start_server(QUICK, options)
    with people(first.address, "alice", caps=CAPS) as (alice,):
        own(alice)
        secret = make(alice)
        assert post(first, secret, {"text": "hi"}).status == 200
    first.stop()
    assert not [each for each in tmp_path.rglob("*") if each.is_file() and secret.encode() in each.read_bytes()]
    second = start_server(QUICK, options)
    assert post(second, secret, {"text": "it outlives the server"}).status == 200


def test_transferring_the_channel_or_dropping_the_account_ends_the_hook(server: ServerThread, alice: Client) -> None:
    secret = make(alice)
    asked = notices(alice, "CS UNREGISTER #dev").rpartition("/msg ChanServ ")[2]
    notices(alice, f"CS {asked}")
    assert post(server, secret, {"text": "x"}).status == 404
    assert "is now registered to you" in notices(alice, "CS REGISTER #dev")
    assert post(server, secret, {"text": "x"}).status == 404  # the hook belonged to the former registration
    assert post(server, make(alice), {"text": "x"}).status == 200
    asked = notices(alice, "CS UNREGISTER #dev").rpartition("/msg ChanServ ")[2]
    alice.run(f"CS {asked}", "NS DROP alice :sesame open")
    assert server.call(lambda app: len(app.network.tokens)) == 0


def test_a_recording_has_messages_of_hooks_and_not_their_secrets(tmp_path: Path) -> None:
    path = tmp_path / "life"
    with started(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path)) as server:
        with Client(server.target, "alice", caps=CAPS) as alice, Http(server.target) as http:
            own(alice)
            secret = make(alice)
            data = json.dumps({"text": "one\ntwo"}).encode()
            for body in data, b"{}", json.dumps({"text": "x\n" * 99}).encode(), data:
                http.get(f"/hooks/{secret}", "POST", body, Content_Type="application/json")
            assert [alice.expect("PRIVMSG").params[-1] for _ in range(4)] == ["one", "two"] * 2
        assert server.end() == 0
    assert secret not in path.read_text(encoding="utf-8")
    done = run(tmp_path, "replay", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "the state is as recorded" in done.stdout


COMMIT = {"id": "0123456789abcdef", "message": "Mend it\n\nlong story", "author": {"name": "Ann"}}
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "compare": "https://x.example/c",
    "commits": [COMMIT],
    "pusher": {"name": "ann"},
    "repository": {"full_name": "o/r"},
}
ISSUE = {
    "action": "opened",
    "issue": {"number": 7, "title": "Broken", "html_url": "https://x.example/7"},
    "sender": {"login": "ann"},
    "repository": {"full_name": "o/r"},
}
PULL = {
    "action": "closed",
    "pull_request": {"number": 8, "title": "Mended", "html_url": "https://x.example/8", "merged": True},
    "sender": {"login": "ann"},
    "repository": {"full_name": "o/r"},
}
LAB = {"project": {"path_with_namespace": "g/p", "web_url": "https://l.example/g/p"}, "user": {"name": "Ann"}}
ALERT = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "instance": "db1", "severity": "page"},
    "annotations": {"summary": "5 % left"},
}


@pytest.mark.parametrize(
    ("fields", "body", "nick", "lines"),
    [
        (
            {"X_GitHub_Event": "push"},
            PUSH,
            "GitHub/hook",
            ["[o/r] ann pushed 1 commit to main https://x.example/c", "01234567 Mend it (Ann)"],
        ),
        ({"X_GitHub_Event": "push"}, PUSH | {"deleted": True}, "GitHub/hook", ["[o/r] ann deleted main"]),
        (
            {"X_GitHub_Event": "issues"},
            ISSUE,
            "GitHub/hook",
            ["[o/r] ann opened issue #7: Broken https://x.example/7"],
        ),
        (
            {"X_GitHub_Event": "pull_request", "X_Gitea_Event": "pull_request"},
            PULL,
            "Gitea/hook",
            ["[o/r] ann merged pull request #8: Mended https://x.example/8"],
        ),
        (
            {"X_Gitlab_Event": "Push Hook"},
            LAB
            | {
                "object_kind": "push",
                "ref": "refs/heads/dev",
                "user_name": "Ann",
                "total_commits_count": 30,
                "commits": [COMMIT] * 20,
            },
            "GitLab/hook",
            ["[g/p] Ann pushed 30 commits to dev https://l.example/g/p"]
            + ["01234567 Mend it (Ann)"] * 5
            + ["... and 25 more"],
        ),
        (
            {"X_Gitlab_Event": "Merge Request Hook"},
            LAB
            | {
                "object_kind": "merge_request",
                "object_attributes": {"action": "merge", "iid": 3, "title": "T", "url": "https://l.example/3"},
            },
            "GitLab/hook",
            ["[g/p] Ann merged merge request !3: T https://l.example/3"],
        ),
        (
            {"X_Gitlab_Event": "Issue Hook"},
            LAB | {"object_kind": "issue", "object_attributes": {"action": "reopen", "iid": 3, "title": "T"}},
            "GitLab/hook",
            ["[g/p] Ann reopened issue #3: T"],
        ),
        (
            {},
            {"version": "4", "status": "firing", "alerts": [ALERT, ALERT | {"status": "resolved"}]},
            "Alertmanager/hook",
            ["[firing] DiskFull page db1: 5 % left", "[resolved] DiskFull page db1: 5 % left"],
        ),
        ({}, {"orgId": 1, "alerts": [ALERT]}, "Grafana/hook", ["[firing] DiskFull page db1: 5 % left"]),
        (
            {},
            {
                "username": "Jenkins",
                "text": "See <https://j.example/1|build 1> &amp; more",
                "attachments": [{"title": "log", "title_link": "https://j.example/log", "text": "red"}],
            },
            "Jenkins/hook",
            ["See build 1 (https://j.example/1) & more", "log https://j.example/log", "red"],
        ),
        (
            {},
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "From blocks"}}]},
            "web/hook",
            ["From blocks"],
        ),
    ],
)
def test_posts_of_github_and_others(
    server: ServerThread, alice: Client, fields: dict[str, str], body: object, nick: str, lines: list[str]
) -> None:
    secret = make(alice)
    assert post(server, secret, body, **fields).status == 200
    messages = [alice.expect("PRIVMSG") for _ in lines]
    assert [message.params[-1] for message in messages] == lines
    assert {message.nick for message in messages} == {nick}
    form = b"payload=" + quote(json.dumps(body)).encode()
    assert post(server, secret, form, Content_Type="application/x-www-form-urlencoded", **fields).status == 200
    assert [alice.expect("PRIVMSG").params[-1] for _ in lines] == lines


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"X_GitHub_Event": "ping"}, {"zen": "Keep it logically awesome.", "hook_id": 1}),
        ({"X_GitHub_Event": "issues"}, ISSUE | {"action": "labeled"}),
        ({"X_Gitlab_Event": "Job Hook"}, {"object_kind": "build"}),
        ({}, {"alerts": []}),
    ],
)
def test_events_that_are_ignored(server: ServerThread, alice: Client, fields: dict[str, str], body: object) -> None:
    assert post(server, make(alice), body, **fields).status == 204
    assert alice.commands("PING x") == ["PONG"]


NONSENSE: list[object] = [None, 7, "x", [], {}, [None], [[]], {"x": None}, True, 1e999]


@pytest.mark.parametrize("header", ["X_GitHub_Event", "X_Gitlab_Event", "none"])
@pytest.mark.parametrize("shape", [PUSH, ISSUE, PULL, LAB | {"object_kind": "push"}, {"alerts": [ALERT]}])
def test_malformed_posts_of_github_and_others(
    server: ServerThread, alice: Client, header: str, shape: dict[str, Any]
) -> None:
    secret = make(alice)
    server.call(lambda app: setattr(app, "options", replace(app.options, web=Web(hook_rate=0, requests=0))))
    event = "pull_request" if "pull_request" in shape else "issues" if "issue" in shape else "push"
    with Http(server.address) as http:
        for field in shape:
            for value in NONSENSE:
                answer = post(server, secret, shape | {field: value}, http, **{header: event})
                assert answer.status in (200, 204, 422), (field, value, answer)


def test_a_post_is_answered_after_the_commit(
    server: ServerThread, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that could not be stored is not sent, and the program is told to try again."""
    secret = make(alice)
    commit = server.app.store.commit

    def fail(writes: Sequence[StoreWrite]) -> None:
        if any(isinstance(write, StoredEvent | Speech) for write in writes):
            raise StoreError("no room")
        commit(writes)

    with monkeypatch.context() as patch:
        patch.setattr(server.app.store, "commit", fail)
        answer = post(server, secret, {"text": "lost"})
        assert (answer.status, answer.fields["retry-after"]) == (503, "5")
    assert post(server, secret, {"text": "found"}).status == 200
    assert alice.expect("PRIVMSG").params[1] == "found"
