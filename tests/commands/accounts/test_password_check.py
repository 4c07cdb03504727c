"""Passwords that another system verifies (the auth script): which logins succeed, into which account, and when the
script is not asked.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.password_check import check_password
from greenchat.commands.core.deferred import Deferred
from greenchat.config.external_auth import AuthScript
from greenchat.config.providers import Providers
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from greenchat.server.net import workers
from tests.commands.accounts.test_second_factor import notices, outcome, switch_on
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_recorder import http_recorder
from tests.irc import Client
from tests.patience import PATIENCE

# accepts every password that ends with the user's name, and writes down the names that it was asked about
_CHECK = """
import json, sys
asked = json.loads(sys.stdin.readline())
with open(sys.argv[1], "a") as log:
    log.write(json.dumps(asked) + "\\n")
name = {"al": "alice"}.get(asked["accountName"], asked["accountName"])
if asked["passphrase"] == "broken":
    sys.exit(1)
print(json.dumps({"success": asked["passphrase"].endswith(f"of {name}"), "accountName": name}))
"""

Start = Callable[..., ServerThread]


@pytest.fixture
def start(start_server: StartServer, tmp_path: Path) -> Start:
    path = tmp_path / "check.py"
    path.write_text(_CHECK)

    def starting(**rules: Any) -> ServerThread:
        script = AuthScript(command=f"{sys.executable} -S {path} {tmp_path / 'asked'}", timeout=PATIENCE, **rules)
        settings = Settings(accounts=AccountSettings(iterations=4096), providers=Providers(auth_script=script))
        return start_server(settings, quick_options(tmp_path))

    return starting


def asked_names(folder: Path) -> list[str]:
    """Return the names that the script was asked about."""
    log = folder / "asked"
    return [json.loads(line)["accountName"] for line in log.read_text().splitlines()] if log.exists() else []


def names(server: ServerThread) -> list[str]:
    return server.call(lambda app: [account.name for account in app.network.accounts])


def test_a_user_known_to_the_script_gets_an_account(start: Start, tmp_path: Path) -> None:
    server = start()
    assert outcome(server, "wrong") == "904"
    assert names(server) == []
    assert outcome(server, "words of alice") == "903"
    assert outcome(server, "words of alice") == "903"
    assert outcome(server, "words of alice", "al") == "903", "the program knows the account's name"
    assert names(server) == ["alice"]
    with Client(server.address, "bob") as bob:
        assert "You are logged in as bob" in notices(bob, "NS IDENTIFY words of bob")[0]
        assert "is on; " not in notices(bob, "NS TOTP")[0]
        bob.send("CAP LS 302")
        assert "SCRAM" not in bob.expect("CAP").params[-1]
    assert json.loads((tmp_path / "asked").read_text().splitlines()[0]) == {
        "accountName": "alice",
        "passphrase": "wrong",
        "ip": "127.0.0.1",
    }


def test_nickserv_accepts_the_passwords_that_sasl_accepts(start: Start, tmp_path: Path) -> None:
    """Also from a user who has no account here yet and uses another nickname; a password may have spaces."""
    server = start()
    for nick, line, expected in (
        ("guest1", "NS IDENTIFY alice words of alice", "You are logged in as alice"),
        ("guest2", "NS IDENTIFY dave of_dave! of dave", "You are logged in as dave"),
        ("eve", "NS IDENTIFY all the words of eve", "You are logged in as eve"),
        ("guest3", "NS IDENTIFY carol quite wrong", "Wrong password"),
        ("guest4", "NS IDENTIFY wrong", "Wrong password, or guest4 is no account: IDENTIFY <account> <password>"),
    ):
        with Client(server.address, nick) as client:
            assert expected in notices(client, line)[0], line
    assert names(server) == ["alice", "dave", "eve"]
    with Client(server.address, "guest5") as client:
        notices(client, "NS IDENTIFY words of guest5")
        assert notices(client, "NS IDENTIFY alice wrong")[0] == "Wrong password"


def test_an_account_without_a_password_is_told_how_to_log_in(start_server: StartServer, tmp_path: Path) -> None:
    """As for accounts that were created by a login with a provider; but not when a user asks about the account of
    another.
    """
    server = start_server(Settings(accounts=AccountSettings(reserve_nicks=False)), quick_options(tmp_path))

    def sign_up(app: App) -> None:
        app.network.accounts.put(Account("alice", "", 0, id="1", subjects=("https://provider.example 7",)))

    server.call(sign_up)
    with Client(server.address, "alice") as alice, Client(server.address, "guest") as guest:
        [message] = notices(alice, "NS IDENTIFY sesame")
        assert (
            notices(guest, "NS IDENTIFY alice sesame")
            == notices(guest, "NS IDENTIFY nobody sesame")
            == ["Wrong password"]
        )
    assert message.startswith(
        "Wrong password: the account alice has none here. Log in with your provider on the web page"
    )
    assert "SENDPASS alice" in message


def test_a_password_that_was_set_here_is_not_passed_to_the_script(start: Start, tmp_path: Path) -> None:
    server = start()
    with Client(server.address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        alice.expect("900")
    assert outcome(server, "sesame open") == "903"
    assert outcome(server, "words of alice") == "904", "the script's account of this name may be another person's"
    assert asked_names(tmp_path) == []


def test_adopting_existing_accounts(start: Start, tmp_path: Path) -> None:
    server = start(adopt=True)
    with Client(server.address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        alice.expect("900")
    assert outcome(server, "sesame open") == "903"
    assert outcome(server, "words of alice") == "903"
    assert names(server) == ["alice"]
    assert outcome(server, "sesame open") == "904", "the account belongs to the script now"


def test_passwords_kept_elsewhere_are_not_changed_here(start: Start) -> None:
    """A password that was set here would still be valid for a user who is removed there."""
    server = start()
    with Client(server.address, "alice") as alice:
        assert "logged in" in notices(alice, "NS IDENTIFY words of alice")[0]
        assert "not managed here" in notices(alice, 'NS PASSWD "words of alice" another-7')[0]


def test_no_account_is_created_where_that_is_off(start: Start) -> None:
    server = start(create=False)
    assert outcome(server, "words of alice") == "NO_ACCOUNT"
    assert names(server) == []


def test_invalid_account_names_are_refused(start: Start) -> None:
    server = start()
    for name in ("NickServ", "#x", "x" * 80, "root"):
        assert outcome(server, f"words of {name}", name) not in ("903", "904"), name
    assert names(server) == []


def test_a_failing_script_is_reported(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    server = start()
    assert outcome(server, "broken") == "UNAVAILABLE"
    assert outcome(server, "words of alice") == "903"
    assert outcome(server, "broken") == "UNAVAILABLE"
    assert "a login from 127.0.0.1 could not be checked: the auth-script ended with 1" in caplog.messages


def test_wrong_passwords_are_counted_before_the_script_is_asked(start: Start, tmp_path: Path) -> None:
    server = start()
    outcomes = [outcome(server, f"wrong {number}x") for number in range(14)]
    assert outcomes[0] == "904"
    assert outcomes[-1] == "THROTTLED"
    assert len(asked_names(tmp_path)) <= 10


@pytest.mark.parametrize("password", ["words of bob", "wrong", "broken"])
def test_asking_the_script_again_costs_the_connection_weight(start: Start, password: str) -> None:
    """Otherwise a client with a right password, or a failing one, could have the server start a program for each
    line.
    """
    server = start()

    def weight(app: App) -> int:
        ctx = app._context(app.network.users["bob"].sessions[0])
        question = check_password(ctx, "bob", password, lambda *_: None, lambda *_: None)
        assert isinstance(question, Deferred)
        question.done()
        return ctx.weight

    with Client(server.address, "bob") as bob:
        assert server.call(weight) == 1, "the first check is free"
        bob.run(f"NS IDENTIFY {password}")
        assert server.call(weight) > 50


def test_second_factor_beside_the_script(start: Start) -> None:
    server = start()
    with Client(server.address, "alice") as alice:
        assert "logged in" in notices(alice, "NS IDENTIFY words of alice")[0]
        device, _ = switch_on(server, alice, "words of alice")
    assert outcome(server, "words of alice") == "CODE_REQUIRED"
    assert outcome(server, f"words of alice {device.code()}") == "903"
    assert outcome(server, "words of alice", "al") == "CODE_REQUIRED", "only under the account's name"


def test_a_hanging_script_delays_no_one_else(start_server: StartServer, tmp_path: Path) -> None:
    """Users talk, others log in with passwords of this server, and at most eight names are asked about at once."""
    with http_recorder() as recorder:
        recorder.gate.clear()
        script = AuthScript(url=recorder.url, timeout=PATIENCE)
        settings = Settings(accounts=AccountSettings(iterations=4096), providers=Providers(auth_script=script))
        options = quick_options(tmp_path)
        server = start_server(settings, replace(options, throttle=replace(options.throttle, logins=0)))
        with Client(server.address, "alice") as alice:
            alice.send("REGISTER * * :sesame open")
            alice.expect("900")
            crowd = [Client(server.address, f"guest{number}") for number in range(12)]
            for client in crowd:
                client.send("NS IDENTIFY some words")
            for _ in range(8):
                recorder.take()
            alice.sync()
            assert outcome(server, "sesame open") == "903"
            assert recorder.is_empty(0.1), "not more than eight checks at once"
            recorder.status, recorder.answer = 200, b"{}"
            recorder.gate.set()
            for client in crowd:
                assert "Wrong password" in client.expect("NOTICE").params[-1]
                client.close()


def test_waiting_for_the_script_does_not_poll_busily(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most as many attempts of one origin are passed on as may be wrong; the others look from time to time."""
    looks: list[int] = []
    real = workers._pause

    def pause(work: Callable[[], object]) -> object:
        looks.append(1)
        return real(work)

    monkeypatch.setattr(workers, "_pause", pause)
    with http_recorder() as recorder:
        recorder.gate.clear()
        settings = Settings(
            accounts=AccountSettings(iterations=4096),
            providers=Providers(auth_script=AuthScript(url=recorder.url, timeout=PATIENCE)),
        )
        options = quick_options(tmp_path)
        server = start_server(settings, replace(options, throttle=replace(options.throttle, logins=2)))
        clients = [Client(server.address, f"guest{number}") for number in range(4)]
        for client in clients:
            client.send("NS IDENTIFY some words")
        for _ in range(2):
            recorder.take()
        assert recorder.is_empty(1), "not more at once than failures are allowed"
        assert 0 < len(looks) < 100, "a busy loop would look thousands of times in a second"
        recorder.status, recorder.answer = 200, b"{}"
        recorder.gate.set()
        answers = [client.expect("NOTICE").params[-1] for client in clients]
        assert sum("Too many failed logins" in each for each in answers) == 2
        for client in clients:
            client.close()
