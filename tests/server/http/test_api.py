"""The API: each call does what its description says, as a session of the account, within the rights of its token."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from greenchat.chat.tokens import hash_of
from greenchat.commands.operators import shell
from greenchat.config.settings import AccountSettings, Settings
from greenchat.config.web import Web
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_client import Answer, Http
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper
from tests.server.forked import run, started

QUICK = Settings(accounts=AccountSettings(iterations=4096))
CAPS = "message-tags server-time account-tag"
DESCRIPTION: dict[str, Any] = json.loads(files("greenchat.server.http").joinpath("openapi.json").read_text())


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(QUICK, quick_options(tmp_path))


@pytest.fixture
def bot(server: ServerThread) -> Iterator[Client]:
    """Connect a user with an account, in #dev."""
    with people(server.address, "bot", caps=CAPS) as (client,):
        log_in(client)
        client.join("#dev")
        yield client


def log_in(client: Client) -> None:
    client.send("REGISTER * * :sesame open")
    client.expect("900")


def notices(client: Client, line: str) -> str:
    return "\n".join(message.params[-1] for message in client.run(line) if message.command == "NOTICE")


def make(client: Client, words: str = "read,say") -> str:
    answer = notices(client, f"NS TOKEN CREATE BOT {words}")
    assert "(shown only once): " in answer, answer
    return answer.partition("(shown only once): ")[2].split()[0]


def _import_no_iris() -> None:
    """Let jsonschema be imported without the grammar of IRIs, which takes two seconds: nothing here has that format."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: it can't be imported


def call(server: tuple[str, int], secret: str, path: str, body: object = None, /, **query: str) -> Answer:
    """Make a call, and check that the description allows its answer."""
    _import_no_iris()
    from openapi_schema_validator import OAS31Validator  # late: importing it takes a second, in each process

    fields = {"Authorization": f"Bearer {secret}"}
    with Http(server) as http:
        where = f"/api/v1/{path}?{urlencode(query, quote_via=quote)}"
        if body is None:
            answer = http.get(where, "GET", b"", **fields)
        else:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            answer = http.get(where, "POST", data, Content_Type="application/json", **fields)
    described = DESCRIPTION["paths"][f"/{path}"]["get" if body is None else "post"]["responses"][str(answer.status)]
    (kind, content), *_ = described["content"].items()
    assert answer.fields["content-type"].startswith(kind)
    if kind == "application/json":
        schema = content["schema"] | {"components": DESCRIPTION["components"]}
        OAS31Validator(schema).validate(json.loads(answer.body))
    return answer


def texts_of(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    return [message["text"] for message in json.loads(answer.body)["messages"]]


def test_the_description_is_valid_and_served(server: ServerThread) -> None:
    _import_no_iris()
    from openapi_spec_validator import validate  # late, as above

    validate(DESCRIPTION)
    with Http(server.address) as http:
        answer = http.get("/api/v1/openapi.json")
        assert json.loads(answer.body) == DESCRIPTION
        for path, methods in DESCRIPTION["paths"].items():
            for method in methods:
                assert http.get(f"/api/v1{path}", method.upper()).status == 401
            assert http.get(f"/api/v1{path}", "PUT").status == 405


def test_a_banned_account_cannot_use_its_bot_token(server: ServerThread, bot: Client) -> None:
    secret = make(bot)
    server.call(lambda app: app.run_step(lambda ctx: ctx.propose(shell.ban, "bot", 0, "")))
    assert call(server.address, secret, "status").status == 401


def test_account_and_channels(server: ServerThread, bot: Client) -> None:
    secret = make(bot, "read 30d weather")
    me = json.loads(call(server.address, secret, "whoami").body)
    assert me["expires"] > 0
    assert me | {"expires": 0} == {
        "account": "bot",
        "nick": "bot",
        "token": hash_of(secret)[:8],
        "rights": ["read"],
        "expires": 0,
    }
    bot.run("TOPIC #dev :work")
    with people(server.address, "alice", "eve") as (alice, eve):
        alice.join("#dev")
        alice.run("AWAY :lunch")
        eve.join("#secret")
        eve.run("MODE #secret +s")
        eve.join("#open")
        channels = json.loads(call(server.address, secret, "channels").body)["channels"]
        assert channels == [
            {"name": "#dev", "topic": "work", "members": 2, "joined": True, "rank": "o"},
            {"name": "#open", "topic": "", "members": 1, "joined": False, "rank": ""},
        ]
        members = json.loads(call(server.address, secret, "members", channel="#dev").body)["members"]
        assert members == [
            {"nick": "bot", "account": "bot", "rank": "o", "away": False},
            {"nick": "alice", "account": None, "rank": "", "away": True},
        ]
        for hidden in "#secret", "#open", "#none", "", "alice":
            answer = call(server.address, secret, "members", channel=hidden)
            assert answer.status == 404
            assert "There is no such channel, or you are not in it" in str(answer.body)
        status = json.loads(call(server.address, secret, "status").body)
        assert (status["users"], status["channels"]) == (3, 2)


def test_sending_messages(server: ServerThread, bot: Client) -> None:
    secret = make(bot)
    with people(server.address, "alice", caps=CAPS) as (alice,):
        alice.join("#dev")
        msgid = json.loads(call(server.address, secret, "say", {"target": "#DEV", "text": "rain"}).body)["msgid"]
        message = alice.expect("PRIVMSG")
        assert (message.nick, message.params, message.tags["account"], message.tags["msgid"]) == (
            "bot",
            ("#dev", "rain"),
            "bot",
            msgid,
        )
        assert bot.expect("PRIVMSG").tags["msgid"] == msgid  # another session of the account
        answer = call(server.address, secret, "say", {"target": "alice", "text": "psst", "thread": msgid})
        message = alice.expect("PRIVMSG")
        assert (message.params, message.tags["+draft/reply"]) == (("alice", "psst"), msgid)
        assert json.loads(answer.body) == {"msgid": message.tags["msgid"]}
        # programs may send all fields that they know, with null for missing ones
        call(server.address, secret, "say", {"target": "alice", "text": "and", "thread": None})
        assert "+draft/reply" not in alice.expect("PRIVMSG").tags


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        ({}, 422),
        ({"target": "#dev"}, 422),
        ({"target": "#dev", "text": 7}, 422),
        ({"target": "#dev", "text": None}, 422),
        ({"target": "#dev", "text": "a\r\nQUIT"}, 422),
        ({"target": "#dev", "text": "\ud800"}, 422),
        ({"target": "#dev", "text": "x" * 600}, 422),
        ({"target": "#dev", "text": "x" * 70_000}, 413),
        ({"target": "#none", "text": "x"}, 404),
        ({"target": "nobody", "text": "x"}, 404),
        ({"target": "#dev,#two", "text": "x"}, 404),
        ({"target": "NickServ", "text": "TOKEN CREATE BOT read"}, 404),
        ({"target": "#closed", "text": "x"}, 403),
    ],
)
def test_refused_messages(server: ServerThread, bot: Client, body: object, status: int) -> None:
    secret = make(bot)
    with people(server.address, "alice") as (alice,):
        alice.join("#closed")
        assert call(server.address, secret, "say", body).status == status
        assert alice.commands("PING x") == ["PONG"]
    assert len(notices(bot, "NS TOKEN LIST").splitlines()) == 1


def test_reading_history(server: ServerThread, bot: Client) -> None:
    secret = make(bot)
    with people(server.address, "alice", "eve", caps=CAPS) as (alice, eve):
        alice.join("#dev")
        eve.join("#other")
        eve.run("PRIVMSG #other :hidden words", "PRIVMSG alice :hidden too")
        alice.run(*[f"PRIVMSG #dev :words {number}" for number in range(5)], "PRIVMSG bot :private words")
        answer = call(server.address, secret, "history", target="#dev")
        assert texts_of(answer) == [f"words {number}" for number in range(5)]
        ids = [message["msgid"] for message in json.loads(answer.body)["messages"]]
        assert texts_of(call(server.address, secret, "history", target="#dev", limit="2")) == ["words 3", "words 4"]
        assert texts_of(call(server.address, secret, "history", target="#dev", before=ids[2])) == ["words 0", "words 1"]
        assert texts_of(call(server.address, secret, "history", target="#dev", after=ids[3])) == ["words 4"]
        between = call(server.address, secret, "history", target="#dev", after=ids[0], before=ids[2])
        assert texts_of(between) == ["words 1"]
        assert texts_of(call(server.address, secret, "history", target="alice")) == ["private words"]
        assert len(texts_of(call(server.address, secret, "search", text="words"))) == 6
        assert texts_of(call(server.address, secret, "search", **{"text": "words", "in": "#dev", "limit": "1"})) == [
            "words 4"
        ]
        assert texts_of(call(server.address, secret, "search", **{"text": "words", "in": "#other"})) == []
        assert texts_of(call(server.address, secret, "search", text="x;in=#other")) == []
        assert call(server.address, secret, "history", target="#other").status == 404
        for query in {"limit": "x"}, {"before": "!"}, {"before": "1:2"}:
            assert call(server.address, secret, "history", target="#dev", **query).status == 422, query
        assert call(server.address, secret, "search", text="x", limit="x").status == 422


@pytest.mark.parametrize("value", ["\0", "a\r\nQUIT", ":", ";", "a b", "é", "\\", "*", "x" * 2000, "msgid=", "#"])
def test_odd_values_are_refused(server: ServerThread, bot: Client, value: str) -> None:
    secret = make(bot)
    query = {"target": "#dev", "limit": "5", "after": "", "before": ""}
    for name in query:
        assert call(server.address, secret, "history", **query | {name: value}).status in (200, 404, 422)
    for name in "text", "in", "from", "after", "before", "limit":
        assert call(server.address, secret, "search", **{name: value}).status in (200, 404, 422)
    assert call(server.address, secret, "members", channel=value).status == 404
    assert call(server.address, secret, "say", {"target": value, "text": "x"}).status in (404, 422)
    assert call(server.address, secret, "say", {"target": "#dev", "text": "x", "thread": value}).status in (200, 422)
    assert bot.commands("PING x")[-1] == "PONG"


def test_a_token_has_its_rights_only(server: ServerThread, bot: Client) -> None:
    reads, says = make(bot, "read"), make(bot, "say")
    assert call(server.address, reads, "say", {"target": "#dev", "text": "x"}).status == 403
    for path in "channels", "members", "history", "search":
        assert call(server.address, says, path, target="#dev", channel="#dev", text="x").status == 403
    assert call(server.address, says, "say", {"target": "#dev", "text": "x"}).status == 200
    listed = notices(bot, "NS TOKEN LIST")
    assert "bot, may read, since" in listed
    assert "bot, may say, since" in listed


def test_invalid_authorization(server: ServerThread, bot: Client) -> None:
    secret = make(bot)
    bot.run("CS REGISTER #dev")
    hook = notices(bot, "NS TOKEN CREATE HOOK #dev").partition("hooks/")[2].split()[0]
    for wrong in "", "wrong", hook, hash_of(secret):
        assert call(server.address, wrong, "whoami").status == 401
    with Http(server.address) as http:
        answer = http.get(f"/hooks/{secret}", "POST", b'{"text": "x"}', Content_Type="application/json")
        assert answer.status == 404
    with Http(server.address) as http:
        assert http.get("/api/v1/whoami", Cookie=f"greenchat={secret}").fields["www-authenticate"] == "Bearer"
    notices(bot, f"NS TOKEN REVOKE {hash_of(secret)[:8]}")
    assert call(server.address, secret, "whoami").status == 401


def test_the_account_must_be_online(server: ServerThread, bot: Client) -> None:
    secret = make(bot)
    with people(server.address, "alice") as (alice,):
        alice.join("#dev")
        bot.send("QUIT")
        alice.expect("QUIT")
    assert json.loads(call(server.address, secret, "whoami").body)["nick"] is None
    assert call(server.address, secret, "channels").status == 409
    assert call(server.address, secret, "history", target="#dev").status == 409
    assert call(server.address, secret, "say", {"target": "#dev", "text": "x"}).status == 409


def test_rate_limit(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(QUICK, replace(quick_options(tmp_path), web=Web(api_rate=1)))
    with people(server.address, "bot", caps=CAPS) as (bot,):
        log_in(bot)
        secret = make(bot)
        assert [call(server.address, secret, "whoami").status for _ in range(21)] == [200] * 20 + [429]
        assert call(server.address, make(bot), "whoami").status == 200


def test_calls_leave_no_session(server: ServerThread, bot: Client) -> None:
    secret = make(bot)
    for _ in range(3):
        call(server.address, secret, "say", {"target": "#dev", "text": "x"})
        call(server.address, secret, "history", target="#dev")
    assert server.call(lambda app: len(app.network.users["bot"].sessions)) == 1
    assert server.call(lambda app: sum(each.account == "bot" for each in app.network.sessions)) == 1


def test_a_recording_has_messages_of_bots_and_not_their_secrets(tmp_path: Path) -> None:
    path = tmp_path / "life"
    with started(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path)) as server:
        with Client(server.target, "bot", caps=CAPS) as bot:
            log_in(bot)
            bot.join("#dev")
            secret = make(bot)
            for text in "one", "x" * 600, "two":
                call(server.target, secret, "say", {"target": "#dev", "text": text})
            assert [bot.expect("PRIVMSG").params[-1] for _ in range(2)] == ["one", "two"]
        assert server.end() == 0
    assert secret not in path.read_text(encoding="utf-8")
    done = run(tmp_path, "replay", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "the state is as recorded" in done.stdout


NEW = {"accountName": "dora", "passphrase": "long enough words"}


def admin(client: Client) -> str:
    """Return the token of an operator's bot."""
    become_oper(client)
    return make(client, "admin")


@pytest.fixture
def with_opers(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(replace(WITH_OPERS, accounts=QUICK.accounts), quick_options(tmp_path))


def test_accounts(with_opers: ServerThread) -> None:
    with people(with_opers.address, "bot", "eve", caps=CAPS) as (bot, eve):
        log_in(bot)
        secret = admin(bot)

        def ask(path: str, **body: str | None) -> Any:
            answer = call(with_opers.address, secret, path, body)
            assert answer.status == 200, answer
            return json.loads(answer.body)

        assert ask("saregister", **NEW) == {"success": True, "error": None}
        assert ask("saregister", **NEW)["success"] is False
        assert ask("check_auth", **NEW) == {"success": True, "accountName": "dora", "error": None}
        wrong = {"success": False, "accountName": None, "error": None}
        assert ask("check_auth", **NEW | {"passphrase": "x"}) == wrong
        assert ask("passwd", **NEW | {"passphrase": "other long words"})["success"]
        assert not ask("check_auth", **NEW)["success"]
        eve.run("NS IDENTIFY dora other long words")
        assert ask("suspend", accountName="dora", reason=None)["success"]
        assert eve.expect("901")
        assert ask("unsuspend", accountName="dora")["success"]
        eve.run("NS IDENTIFY dora other long words")
        assert ask("suspend", accountName="dora", reason="spam and lies")["success"]
        assert eve.expect("901")
        assert ask("account_details", accountName="dora")["suspended"] == "spam and lies"
        assert not ask("check_auth", accountName="dora", passphrase="other long words")["success"]
        assert "suspended: spam and lies" in notices(eve, "NS IDENTIFY dora other long words")
        assert ask("unsuspend", accountName="dora")["success"]
        assert ask("unsuspend", accountName="dora")["error"] == "The account dora is not suspended"
        assert ask("check_auth", accountName="dora", passphrase="other long words")["success"]
        assert ask("account_details", accountName="nobody") == {"success": False, "error": "There is no such account"}
        assert ask("saregister", accountName="dora2", passphrase="x")["success"] is False
        assert ask("rehash")["error"].endswith("the server was started without a configuration")


ADMIN_CALLS = ("check_auth", "saregister", "passwd", "suspend", "unsuspend", "account_details", "rehash")


@pytest.mark.parametrize("path", ADMIN_CALLS)
def test_calls_about_accounts_need_token_and_operator_rights(with_opers: ServerThread, path: str) -> None:
    """The token must have the right, and its owner be an operator with it, at the time of the call."""
    with people(with_opers.address, "bot", caps=CAPS) as (bot,):
        log_in(bot)
        plain, allowed = make(bot), make(bot, "admin")
        assert call(with_opers.address, allowed, path, NEW).status == 403, "no operator yet"
        become_oper(bot, "helper")
        assert call(with_opers.address, allowed, path, NEW).status == 403, "an operator without the right"
        become_oper(bot)
        assert call(with_opers.address, plain, path, NEW).status == 403, "a token without the right"
        assert call(with_opers.address, allowed, path, NEW).status == 200
        bot.run("MODE bot -o")
        assert call(with_opers.address, allowed, path, NEW).status == 403, "no longer an operator"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"accountName": 7, "passphrase": "x"}',
        b'{"accountName": "a b", "passphrase": "xxxxxxxx"}',
        b'{"accountName": "a\\r\\nQUIT", "passphrase": "x"}',
        b'{"accountName": "x", "passphrase": ""}',
    ],
)
def test_bad_input_to_calls_about_accounts(with_opers: ServerThread, body: bytes) -> None:
    with people(with_opers.address, "bot", caps=CAPS) as (bot,):
        log_in(bot)
        secret = admin(bot)
        for path in ("saregister", "check_auth", "passwd"):
            assert call(with_opers.address, secret, path, body).status == 422
