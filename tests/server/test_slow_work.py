"""Slow work runs beside the chat: its sender waits for it, nobody else does."""

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
    """A command SLOW that takes until the gate is opened, and then tells the sender's nick."""
    gate = threading.Event()

    @command("SLOW")
    def slow(ctx: Context) -> Deferred:
        return Deferred(
            lambda: gate.wait(PATIENCE), lambda ctx, opened: ctx.reply(Numeric.RPL_NONE, str(opened), ctx.nick)
        )

    yield gate
    gate.set()
    del COMMANDS["SLOW"]


def test_others_go_on_and_the_sender_keeps_its_order(server: Target, gate: threading.Event) -> None:
    with Client(server, "slow", caps="labeled-response batch") as slow, Client(server, "quick") as quick:
        slow.send("@label=x SLOW", "PING after")
        assert quick.run("NICK quicker")[0].params == ("quicker",)
        gate.set()
        answer, pong = slow.read(), slow.read()
        assert (answer.command, answer.params, answer.tags["label"]) == ("300", ("slow", "True", "slow"), "x")
        assert pong.command == "PONG"


def test_who_leaves_while_it_works_is_let_go(server: Target, gate: threading.Event) -> None:
    with Client(server, "slow") as slow, Client(server, "quick") as quick:
        slow.send("SLOW")
        slow.close()
        gate.set()
        while quick.commands("WHOIS slow") != ["401", "318"]:
            pass
