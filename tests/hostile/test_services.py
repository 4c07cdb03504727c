"""Commands of services, by every user and in every shape: missing, extra, huge and hostile parameters."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core.service import SERVICES
from greenchat.config.options import Throttle
from greenchat.config.settings import AccountSettings
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.message import Message
from greenchat.server.app import App
from tests.conftest import StartServer, cheap_passwords, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

_HUGE = "x" * 380
_WORDS = [
    "", "alice", "#room", "nobody", "#nowhere", "*", "a" * 65, _HUGE, "ä" * 190, "\x02bold\x02", "\x01ACTION\x01",
    "%s%n{0}", "../../etc/passwd", "';--", ":", ":colon", ",", "alice,bob", "#room,#other", "-1", "9" * 20,
    "+o", "-", "\N{RIGHT-TO-LEFT OVERRIDE}evil", "\N{PILE OF POO}", "on", "ADD",
]  # fmt: skip
_MANY = " ".join(["word"] * 60)


def _questions() -> list[str]:
    """Return each command of each service with none, one, two, three and very many parameters."""
    asked = []
    for service in SERVICES.values():
        for name in ["", "HELP", "HELP HELP", "nothing", _HUGE, *service.entries]:
            tails = [*_WORDS, *(f"alice {word}" for word in _WORDS), *(f"#room {word}" for word in _WORDS)]
            tails += [f"#room +o {word}" for word in _WORDS] + [f"ADD {word}" for word in _WORDS] + [_MANY]
            asked += [f"PRIVMSG {service.name} :{name} {tail}" for tail in tails]
    return asked


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Make a world with cheap passwords, which may be guessed without limit."""
    options = replace(quick_options(tmp_path), throttle=Throttle(commands=0, logins=0))
    with World(cheap_passwords(WITH_OPERS, 1), options) as world:
        yield world


@pytest.mark.parametrize("who", ["guest", "owner", "operator"])
def test_every_command_in_every_shape(world: World, who: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each is answered, in lines that fit, without an exception."""
    with Client(world, "alice") as alice:
        if who != "guest":
            alice.send("NS REGISTER sesame-open")
            alice.expect("900")
            alice.join("#room")
            alice.run("CS REGISTER #room")
        if who == "operator":
            become_oper(alice)
        unanswered = []
        for question in _questions():
            answers = alice.run(question)
            if not any(message.command == "NOTICE" or message.command.isdigit() for message in answers):
                unanswered.append(question)
            lines = [
                Message(message.command, message.params, message.source).format().encode() + b"\r\n"
                for message in answers
            ]
            assert not [line for line in lines if len(line) > BODY_LIMIT], question
        assert not [question for question in unanswered if ":PLAY " not in question]  # there is no history to play
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("alias", ["NS", "NICKSERV", "CS", "CHANSERV"])
@pytest.mark.parametrize("words", ["", "HELP", "INFO", "INFO alice", ":", f":{_HUGE}", _MANY, "\x01"])
def test_aliases_of_services(world: World, alias: str, words: str) -> None:
    assert alias in COMMANDS
    with Client(world, "alice") as alice:
        assert {message.command for message in alice.run(f"{alias} {words}")} == {"NOTICE"}


def test_logins_while_the_server_ends(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server ends in time and in order; a client that was told that it owns an account has it afterwards."""
    options = replace(quick_options(tmp_path), storage=replace(quick_options(tmp_path).storage, persistent=True))
    settings = replace(WITH_OPERS, accounts=AccountSettings(iterations=50_000))
    server = start_server(settings, options)
    clients = [Client(server.address, f"user{number}") for number in range(12)]
    for client in clients:
        client.send("REGISTER * * :sesame open", "NS IDENTIFY sesame-open", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
    message = {clients[0].expect("REGISTER").params[1]}
    server.stop()
    for client in clients:
        messages = client.until_end()
        message |= {message.params[1] for message in messages if message.command == "REGISTER"}
        assert messages[-1].command == "ERROR"
        client.close()
    assert not [record for record in caplog.records if record.exc_info]

    def names(app: App) -> set[str]:
        return {name for name in message if app.network.accounts.get(name)}

    assert start_server(settings, options).call(names) == message
