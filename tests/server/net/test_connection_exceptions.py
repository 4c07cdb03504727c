"""An exception in a handler disconnects one client and is logged with its traceback; others only see the QUIT."""

import logging
from collections.abc import Iterator

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred
from greenchat.commands.core.registry import command
from tests.conftest import Target
from tests.irc import Client, people


@pytest.fixture(autouse=True)
def _crashing_commands() -> Iterator[None]:
    @command("CRASH", anytime=True)
    def crash(ctx: Context) -> None:
        ctx.notice("so far so good")
        raise LookupError("this handler has a bug")

    @command("CRASHLATER")
    def crash_later(ctx: Context) -> Deferred:
        return Deferred(lambda: 1 // 0, lambda ctx, result: None)

    @command("MISFORMAT")
    def misformat(ctx: Context) -> None:
        ctx.respond(ctx.envelope("CAP", "a b", "c"))

    yield
    for name in "CRASH", "CRASHLATER", "MISFORMAT":
        del COMMANDS[name]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("CRASH", "LookupError: this handler has a bug"),
        ("@label=1 CRASH", "LookupError: this handler has a bug"),
        ("CRASHLATER", "ZeroDivisionError"),
        ("MISFORMAT", "ValueError: only the last parameter may be 'a b'"),
    ],
)
def test_an_exception_disconnects_one_client(
    server: Target, line: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    with people(server, "alice", "bob", "carol", caps="batch labeled-response", channel="#a") as (alice, bob, carol):
        alice.send("PRIVMSG #a :before", line, "PRIVMSG #a :after")
        farewell = alice.until_end()[-1]
        assert farewell.command == "ERROR"
        assert farewell.params == ("Internal error: the connection was closed; the server's log has the details",)
        for witness in bob, carol:
            assert witness.expect("PRIVMSG").params[1] == "before"
            left = witness.expect("PRIVMSG", "QUIT")
            assert (left.command, left.nick, left.params) == ("QUIT", "alice", farewell.params)
        bob.send("PRIVMSG #a :we go on")
        assert carol.expect("PRIVMSG").params[1] == "we go on"
        with Client(server, "alice") as again:  # the nick is free
            assert again.join("#a")[0].nick == "alice"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info
    assert error in caplog.text
    assert "Traceback" in caplog.text


def test_an_exception_before_registration(server: Target, caplog: pytest.LogCaptureFixture) -> None:
    with Client(server) as client, Client(server, "witness") as witness:
        client.send("CAP LS", "CRASH")
        assert client.until_end()[-1].command == "ERROR"
        assert witness.sync() == []
    assert "LookupError" in caplog.text
