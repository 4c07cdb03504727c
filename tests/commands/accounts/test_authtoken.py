"""TOKEN and EXTJWT: tokens that prove an account to services outside the chat.
https://github.com/ircv3/ircv3-specifications/pull/602 and 341
"""

import time
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from greenchat.commands.operators import shell
from greenchat.config.external_services import ExternalService
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import Message
from tests.commands.conftest import StartWorld
from tests.commands.devices import device, make_account
from tests.commands.state_changes import advance_clock
from tests.conftest import quick_options
from tests.irc import Client
from tests.world import World

_WIKI = "https://wiki.example.org"
_SECRET = "your-256-bit-secret, and a bit more"
SETTINGS = Settings(
    accounts=AccountSettings(iterations=4096),
    external={
        "Wiki": ExternalService(_WIKI, "Our wiki", _SECRET),
        "qdb": ExternalService("https://qdb.example.org"),
        "default": ExternalService("https://x.example", "", _SECRET[::-1]),
    },
)


@pytest.fixture
def server(start_world: StartWorld, tmp_path: Path) -> World:
    return start_world(SETTINGS, quick_options(tmp_path))


def logged_in(server: World, nick: str) -> Client:
    make_account(server.address, nick)
    client = device(server.address, nick, caps="sasl batch")
    client.until("376", "422")
    return client


def fail(messages: list[Message]) -> str:
    (failed,) = messages
    assert failed.command == "FAIL"
    assert failed.params[0] in ("TOKEN", "EXTJWT")
    return failed.params[1]


def generate(client: Client, line: str) -> str:
    (answer,) = client.run(f"TOKEN GENERATE {line}")
    assert answer.params[:3] == ("GENERATE", "Wiki", _WIKI)
    return answer.params[3]


def claims(service: Client, token: str) -> dict[str, str]:
    opening, *messages, end = service.run(f"TOKEN VALIDATE wiki {_WIKI} :{token}")
    assert opening.params[1:] == ("draft/authtoken", "Wiki", _WIKI)
    assert (end.command, end.params[0][:1]) == ("BATCH", "-")
    assert all(each.tags["batch"] == opening.params[0][1:] for each in messages)
    return {each.params[1]: each.params[2] for each in messages if each.params[0] == "CLAIM"}


def test_services_are_listed(server: World) -> None:
    """ "NOTE TOKEN SERVICE <service> <url> :<description>", then "NOTE TOKEN END_OF_LIST"."""
    with Client(server.address, "bob") as bob:
        answers = [message.params for message in bob.run("TOKEN SERVICELIST")]
        assert answers[0] == ("TOKEN", "SERVICE", "Wiki", _WIKI, "Our wiki")
        assert answers[-1][:2] == ("TOKEN", "END_OF_LIST")
        tokens = {token for message in bob.run("VERSION") if message.command == "005" for token in message.params}
        assert {"draft/AUTHTOKEN", "EXTJWT=1"} <= tokens


def test_a_service_validates_a_token_once_also_before_registration(server: World) -> None:
    """ "The `TOKEN VALIDATE` subcommand MUST be usable before a client has completed connection registration." """
    with logged_in(server, "alice") as alice, Client(server.address) as service:
        alice.join("#a")
        token = generate(alice, "WIKI #A")
        service.run("CAP LS 302", "CAP REQ :batch")
        assert claims(service, token) == {
            "account": "alice", "name": "alice", "member_of": "#a", "operator_of": "#a", "scope": "#a",
        }  # fmt: skip
        assert fail(service.run(f"TOKEN VALIDATE wiki {_WIKI} :{token}")) == "INVALID_TOKEN"
        assert claims(service, generate(alice, "wiki")) == {"account": "alice", "name": "alice"}
        assert service.commands("TOKEN SERVICELIST", "TOKEN GENERATE wiki") == ["451", "451"]


def test_a_token_is_validated_against_the_current_state(server: World) -> None:
    with logged_in(server, "alice") as alice, Client(server.address, "bob", caps="batch") as bob:
        alice.join("#a")
        token = generate(alice, "wiki #a")
        alice.run("MODE #a -o alice")
        assert "operator_of" not in claims(bob, token)
        token = generate(alice, "wiki #a")
        bob.join("#a")
        alice.run("PART #a")
        bob.sync()
        assert claims(bob, token) == {"account": "alice", "name": "alice", "scope": "#a"}


def test_a_token_of_a_banned_account_is_invalid(server: World) -> None:
    with logged_in(server, "alice") as alice, Client(server.address, "bob", caps="batch") as bob:
        token = generate(alice, "wiki")
        server.call(lambda app: app.run_step(lambda ctx: ctx.propose(shell.ban, "alice", 0, "")))
        assert fail(bob.run(f"TOKEN VALIDATE wiki {_WIKI} :{token}")) == "INVALID_TOKEN"


def test_a_token_is_valid_for_one_service_and_ten_minutes(server: World) -> None:
    """ "Servers MUST validate that the service and url parameter ... match the service and url associated with the
    provided token" """
    with logged_in(server, "alice") as alice, Client(server.address, "bob", caps="batch") as bob:
        token = generate(alice, "wiki")
        for wrong in f"qdb {_WIKI} :{token}", f"wiki https://qdb.example.org :{token}", f"wiki {_WIKI} :x{token}":
            assert fail(bob.run(f"TOKEN VALIDATE {wrong}")) == "INVALID_TOKEN"
        advance_clock(server, 600_000)
        assert fail(bob.run(f"TOKEN VALIDATE wiki {_WIKI} :{token}")) == "INVALID_TOKEN"


def test_refusals(server: World) -> None:
    with logged_in(server, "alice") as alice, Client(server.address, "bob", caps="batch") as bob:
        bob.join("#b")
        assert fail(bob.run("TOKEN GENERATE wiki")) == "ACCOUNT_REQUIRED"
        assert fail(bob.run("TOKEN FOO")) == "UNKNOWN_COMMAND"
        assert fail(alice.run("TOKEN GENERATE nothing")) == "UNKNOWN_SERVICE"
        assert fail(alice.run("TOKEN GENERATE wiki #nowhere")) == "INVALID_SCOPE"
        assert fail(alice.run("TOKEN GENERATE wiki #b")) == "NO_PERMISSIONS"
        bob.run("MODE #b +s")
        assert fail(alice.run("TOKEN GENERATE wiki #b")) == "INVALID_SCOPE"
        assert alice.commands("TOKEN", "TOKEN GENERATE", "TOKEN VALIDATE wiki") == ["461"] * 3
        alice.run("CAP REQ -batch")
        assert fail(alice.run("TOKEN GENERATE wiki")) == "NEED_CAPABILITY"


def test_guessing_tokens_is_throttled(start_world: StartWorld, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    running = start_world(SETTINGS, replace(options, throttle=replace(options.throttle, logins=3)))
    with Client(running.address, "bob", caps="batch") as bob:
        for _ in range(3):
            assert fail(bob.run(f"TOKEN VALIDATE wiki {_WIKI} :x")) == "INVALID_TOKEN"
        assert fail(bob.run(f"TOKEN VALIDATE wiki {_WIKI} :x")) == "NO_PERMISSIONS"


def received(client: Client, line: str) -> str:
    """Return the token of the answer, whole."""
    *parts, last = [message.params for message in client.run(line) if message.command == "EXTJWT"]
    assert all(part[2] == "*" for part in parts), '"the third parameter of the response MUST be `*`"'
    return "".join(part[3] for part in parts) + last[2]


def test_extjwt(server: World) -> None:
    """ "EXTJWT <requested_target> <service_name> [*] <jwt_token>", with the claims that the specification lists."""
    with logged_in(server, "alice") as alice:
        before = int(time.time())
        alice.join("#a")
        token_claims = jwt.decode(received(alice, "EXTJWT #a wiki"), _SECRET, ["HS256"], audience=_WIKI)
        assert before + 29 <= token_claims.pop("exp") <= time.time() + 31
        assert before <= token_claims.pop("joined") <= time.time()
        assert token_claims == {
            "iss": "greenchat.local", "aud": _WIKI, "sub": "alice", "account": "alice", "umodes": [], "service": "Wiki",
            "channel": "#a", "cmodes": ["o"],
        }  # fmt: skip
        token_claims = jwt.decode(received(alice, "EXTJWT *"), _SECRET[::-1], ["HS256"], audience="https://x.example")
        assert not {"service", "channel"} & token_claims.keys()


def test_extjwt_for_non_members_and_missing_channels(server: World) -> None:
    with Client(server.address, "bob") as bob, Client(server.address, "carol") as carol:
        bob.join("#b")
        token_claims = jwt.decode(received(carol, "EXTJWT #b wiki"), _SECRET, ["HS256"], audience=_WIKI)
        assert (token_claims["joined"], token_claims["cmodes"], token_claims["account"]) == (0, [], "")
        assert carol.commands("EXTJWT #nowhere wiki", "EXTJWT") == ["403", "461"]
        assert fail(carol.run("EXTJWT * nothing")) == "NO_SUCH_SERVICE"
        assert fail(carol.run("EXTJWT * qdb")) == "NO_SUCH_SERVICE"
