"""Slow work runs beside the chat: the sender waits for it, other clients do not."""

import threading
from collections.abc import Iterator

import pytest

from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred
from greenchat.commands.core.registry import COMMANDS, command
from greenchat.protocol.numerics import Numeric
from tests.conftest import Target
from tests.irc import Client
from tests.patience import PATIENCE


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Add a command SLOW that waits until the gate is opened, and then sends the nick."""
    gate = threading.Event()

    @command("SLOW")
    def slow(ctx: Context) -> Deferred:
        return Deferred(
            lambda: gate.wait(PATIENCE), lambda ctx, opened: ctx.reply(Numeric.RPL_NONE, str(opened), ctx.nick)
        )

    yield gate
    gate.set()
    del COMMANDS["SLOW"]


def test_others_continue_and_the_senders_lines_keep_their_order(server: Target, gate: threading.Event) -> None:
    with Client(server, "slow", caps="labeled-response batch") as slow, Client(server, "quick") as quick:
        slow.send("@label=x SLOW", "PING after")
        assert quick.run("NICK quicker")[0].params == ("quicker",)
        gate.set()
        answer, pong = slow.read(), slow.read()
        assert (answer.command, answer.params, answer.tags["label"]) == ("300", ("slow", "True", "slow"), "x")
        assert pong.command == "PONG"


def test_a_client_that_leaves_meanwhile_is_released(server: Target, gate: threading.Event) -> None:
    with Client(server, "slow") as slow, Client(server, "quick") as quick:
        slow.send("SLOW")
        slow.close()
        gate.set()
        while quick.commands("WHOIS slow") != ["401", "318"]:
            pass
