"""Guessing passwords over many connections at once: all together get no more guesses than one."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Throttle
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.sasl import Collector, chunks, format_plain
from greenchat.protocol.scram import ClientExchange
from tests.commands.logins import register
from tests.conftest import Serve, Target, quick_options
from tests.irc import Client
from tests.opers import HASH, WITH_OPERS

LIMIT = 3
MANY = 12
SLOW_HASH = HASH.replace("ln=4", "ln=14")  # 30 ms or more; of a password that nobody knows

Start = Callable[[Settings], Target]


@pytest.fixture
def start(serve: Serve, tmp_path: Path) -> Start:
    """Start servers where LIMIT wrong passwords are too many, and verifying one takes long."""
    options = replace(quick_options(tmp_path), throttle=Throttle(commands=0, logins=LIMIT))
    return lambda settings: serve(replace(settings, accounts=AccountSettings(iterations=30_000)), options)


@contextmanager
def crowd(address: Target, *, nick: str = "nick") -> Iterator[list[Client]]:
    """Connect MANY clients; without a nick they stay unregistered."""
    with ExitStack() as stack:
        yield [stack.enter_context(Client(address, nick and f"{nick}{number}")) for number in range(MANY)]


def sasl_words(client: Client) -> str:
    collector = Collector()
    while (words := collector.feed(client.expect("AUTHENTICATE").params[0])) is None:
        pass
    return words.decode()


@pytest.mark.parametrize(
    ("line", "answer"),
    [("NS IDENTIFY alice guess", "NOTICE"), ("NS DROP alice guess", "NOTICE"), ("OPER root guess", "464 263")],
)
def test_as_a_registered_user(start: Start, line: str, answer: str) -> None:
    oper = replace(WITH_OPERS.staff.opers["root"], password=SLOW_HASH)
    address = start(replace(WITH_OPERS, staff=replace(WITH_OPERS.staff, opers={"root": oper})))
    register(address, "alice")
    with crowd(address) as clients:
        if "DROP" in line:
            for number, client in enumerate(clients):
                client.send(f"REGISTER nick{number} * :sesame open")
                client.expect("REGISTER")
        for number, client in enumerate(clients):
            client.send(line.replace("DROP alice", f"DROP nick{number}"))
        messages = ["try again in" in client.expect(*answer.split()).params[-1] for client in clients]
    assert sorted(messages) == [False] * LIMIT + [True] * (MANY - LIMIT)


def test_by_sasl_plain(start: Start) -> None:
    with crowd(start(Settings()), nick="") as clients:
        for client in clients:
            client.send(
                "CAP REQ :sasl",
                "AUTHENTICATE PLAIN",
                f"AUTHENTICATE {next(iter(chunks(format_plain('alice', 'guess'))))}",
            )
        messages = ["try again in" in client.expect("904").params[-1] for client in clients]
    assert sorted(messages) == [False] * LIMIT + [True] * (MANY - LIMIT)


def test_by_sasl_scram(start: Start) -> None:
    """All clients have done the first half of the exchange when the first one fails."""
    address = start(Settings())
    register(address, "alice")
    with crowd(address, nick="") as clients:
        exchanges = [ClientExchange("alice", "guess", secrets.token_hex(8)) for _ in clients]
        proofs = []
        for client, exchange in zip(clients, exchanges, strict=True):
            client.send("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
            client.expect("AUTHENTICATE")
            client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.first().encode())])
            proofs.append(exchange.final(sasl_words(client)))
        for client, proof in zip(clients, proofs, strict=True):
            client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(proof.encode())])
        messages = ["try again in" in client.expect("904").params[-1] for client in clients]
    assert sorted(messages) == [False] * LIMIT + [True] * (MANY - LIMIT)


def test_the_connection_password(start: Start) -> None:
    with crowd(start(Settings(password=SLOW_HASH)), nick="") as clients:
        for number, client in enumerate(clients):
            client.send(f"PASS guess{number}", f"NICK nick{number}", "USER a 0 * :A")
        messages = ["try again in" in client.expect("464").params[-1] for client in clients]
    assert sorted(messages) == [False] * LIMIT + [True] * (MANY - LIMIT)


def test_many_correct_passwords_at_once_succeed(start: Start) -> None:
    """A whole school after a restart: no login fails, so no client has to try again."""
    address = start(Settings())
    register(address, "alice")
    with crowd(address, nick="") as clients:
        for client in clients:
            response = next(iter(chunks(format_plain("alice", "sesame open"))))
            client.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {response}")
        assert {client.expect("903", "904").command for client in clients} == {"903"}


def test_a_client_that_quits_before_the_answer_holds_no_slot(start: Start) -> None:
    address = start(Settings())
    register(address, "alice")
    with crowd(address) as clients:
        for client in clients:
            client.send("NS IDENTIFY alice guess", "QUIT")
            client.close()
    with Client(address, "bob") as bob:
        bob.send("NS IDENTIFY alice guess")  # would wait for ever behind attempts that never end
        assert str(bob.expect("NOTICE").source).startswith("NickServ!")
