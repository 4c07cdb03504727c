"""Attempts that are counted by origin: wrong passwords, and registrations."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from greenchat.config.options import Throttle
from greenchat.config.settings import AccountSettings
from tests.commands.operators.test_uban import SETTINGS, arrive
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client

# three addresses of one household, which has a /64 of IPv6, and one of a neighbour
HOUSEHOLD, NEIGHBOUR = ("2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:1:ffff::3"), "2001:db8:1:2::1"


@pytest.fixture
def address(start_server: StartServer, tmp_path: Path) -> Target:
    settings = replace(SETTINGS, accounts=AccountSettings(iterations=4096))
    options = replace(quick_options(tmp_path), throttle=Throttle(commands=0, logins=2, registrations=2))
    return start_server(settings, options).address


def test_registrations_are_limited_per_netblock(address: Target) -> None:
    answers = []
    for number, host in enumerate((*HOUSEHOLD, NEIGHBOUR)):
        with arrive(address, f"nick{number}", host) as client:
            client.send("REGISTER * * :sesame open")
            answers.append(client.expect("REGISTER", "FAIL").params[:2])
    assert answers == [
        ("SUCCESS", "nick0"),
        ("SUCCESS", "nick1"),
        ("REGISTER", "TEMPORARILY_UNAVAILABLE"),
        ("SUCCESS", "nick3"),
    ]


def test_loopback_is_not_counted(address: Target) -> None:
    for number in range(4):
        with Client(address, f"nick{number}") as client:
            client.send("REGISTER * * :sesame open")
            assert client.expect("REGISTER", "FAIL").params[0] == "SUCCESS"


@pytest.mark.parametrize("line", ["NS IDENTIFY {} wrong-password", "OPER {} wrong-password"])
def test_wrong_passwords_are_limited_per_netblock(address: Target, line: str) -> None:
    are_limited = []
    for number, host in enumerate((*HOUSEHOLD, NEIGHBOUR)):
        with arrive(address, f"nick{number}", host) as client:
            client.send(line.format(f"name{number}"))
            are_limited.append("try again in" in client.expect("NOTICE", "464", "263").params[-1])
    assert are_limited == [False, False, True, False]


def test_strangers_do_not_lock_the_owner_out(address: Target) -> None:
    """All strangers together get no more guesses than one of them, but the owner can log in from an address that was
    used before.
    """
    home, *strangers = "192.0.2.1", "198.51.100.1", "198.51.100.2", "198.51.100.3"
    with arrive(address, "alice", home) as alice:
        alice.send("REGISTER * * :sesame-open")
        assert alice.expect("REGISTER", "FAIL").params[0] == "SUCCESS"

    numbers = count()

    def identify(host: str, password: str) -> str:
        with arrive(address, f"nick{next(numbers)}", host) as client:
            client.send(f"NS IDENTIFY alice {password}")
            return client.expect("900", "NOTICE").params[-1].partition(":")[0]

    wrong, too_many = "Wrong password", "Too many failed logins"
    assert [identify(host, "guess") for host in strangers] == [wrong, wrong, too_many]
    assert identify(strangers[2], "sesame-open") == too_many
    assert identify(home, "sesame-open") == "You are now logged in as alice"
    assert [identify(home, "typo") for _ in range(3)] == [wrong, wrong, too_many]
