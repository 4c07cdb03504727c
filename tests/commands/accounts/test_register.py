"""REGISTER and VERIFY. https://ircv3.net/specs/extensions/account-registration"""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from greenchat.protocol.sasl import format_plain
from tests.commands.logins import QUICK, authenticate, persistent, register
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people


@pytest.fixture
def server(serve: Serve) -> Target:
    """Make password hashes cheap, as only a test may."""
    return serve(Settings(accounts=QUICK))


def test_register_logs_in_and_announces_it(server: Target) -> None:
    """ "Afterward, the client is assumed to be authenticated to the <account> as if it used SASL." """
    with people(server, "alice", "bob", channel="#lobby", caps="account-notify") as (alice, bob):
        alice.send("REGISTER * alice@example.org :sesame open")
        assert alice.expect("REGISTER").params[:2] == ("SUCCESS", "alice")
        assert alice.expect("900").params[1:3] == (f"alice!~alice@{'127.0.0.1'}", "alice")
        assert bob.expect("ACCOUNT").params == ("alice",)
        assert [m.params for m in bob.run("WHOIS alice") if m.command == "330"] == [
            ("bob", "alice", "alice", "is logged in as")
        ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("REGISTER * * :short", "WEAK_PASSWORD"),
        (f"REGISTER * * :{'x' * 301}", "UNACCEPTABLE_PASSWORD"),
        ("REGISTER * nonsense :sesame open", "INVALID_EMAIL"),
        ("REGISTER bob * :sesame open", "ACCOUNT_EXISTS"),
        ("REGISTER taken * :sesame open", "ACCOUNT_EXISTS"),
        ("REGISTER TAKEN * :sesame open", "ACCOUNT_EXISTS"),
        ("REGISTER #a * :sesame open", "BAD_ACCOUNT_NAME"),
        ("REGISTER NickServ * :sesame open", "BAD_ACCOUNT_NAME"),
        ("VERIFY taken 1234", "INVALID_CODE"),
    ],
)
def test_invalid_registrations_are_refused(server: Target, line: str, code: str) -> None:
    register(server, "taken")
    with people(server, "alice", "bob") as (alice, _):
        alice.send(line)
        assert alice.expect("FAIL").params[1] == code


def test_before_the_connection_is_complete(serve: Serve) -> None:
    """ "before-connect - if present, indicates the server supports early registration" """
    early = serve(Settings(accounts=QUICK))
    late = serve(Settings(accounts=replace(QUICK, before_connect=False)))
    with Client(early) as client:
        client.send("CAP LS 302", "REGISTER * * :sesame open")
        assert "before-connect" in client.expect("CAP").params[-1]
        assert client.expect("FAIL").params[:2] == ("REGISTER", "NEED_NICK")
        client.send("NICK alice", "REGISTER * * :sesame open")
        assert client.expect("REGISTER").params[0] == "SUCCESS"
    with Client(late) as client:
        client.send("CAP LS 302", "NICK alice", "REGISTER * * :sesame open")
        assert "before-connect" not in client.expect("CAP").params[-1]
        assert client.expect("FAIL").params[1] == "COMPLETE_CONNECTION_REQUIRED"


def test_registering_twice_is_refused(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.send("REGISTER * * :sesame open", "REGISTER other * :sesame open")
        assert alice.expect("REGISTER").params[0] == "SUCCESS"
        assert alice.expect("FAIL").params[1] == "ALREADY_AUTHENTICATED"


def test_only_one_of_two_concurrent_registrations_of_a_name_succeeds(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        for client in alice, bob:
            client.send("REGISTER carol * :sesame open")
        outcomes = sorted(client.expect("REGISTER", "FAIL").command for client in (alice, bob))
        assert outcomes == ["FAIL", "REGISTER"]


def test_registration_can_be_switched_off(serve: Serve) -> None:
    address = serve(Settings(accounts=replace(QUICK, registration=False)))
    with Client(address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        assert alice.expect("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"
        assert not any("draft/account-registration" in m.params[-1] for m in alice.run("CAP LS 302"))


def test_registration_can_require_a_code(start_server: StartServer, tmp_path: Path) -> None:
    settings = Settings(accounts=replace(QUICK, verify=True))
    running = start_server(settings, quick_options(tmp_path))
    with Client(running.address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        assert alice.expect("REGISTER").params[:2] == ("VERIFICATION_REQUIRED", "alice")
        assert authenticate(alice, "PLAIN", format_plain("alice", "sesame open")).command == "904"
        alice.send("VERIFY alice wrong")
        assert alice.expect("FAIL").params[1] == "INVALID_CODE"
        account = running.call(lambda app: app.network.accounts.get("alice"))
        assert account
        alice.send(f"VERIFY alice {account.code}")
        assert alice.expect("VERIFY").params[:2] == ("SUCCESS", "alice")
        assert alice.expect("900")


def test_accounts_survive_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = persistent(tmp_path)
    settings = Settings(accounts=QUICK)
    first = start_server(settings, options)
    register(first.address, "alice")
    first.stop()
    second = start_server(settings, options)
    with Client(second.address, "bob") as bob:
        assert authenticate(bob, "PLAIN", format_plain("alice", "sesame open")).command == "903"
