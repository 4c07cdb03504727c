"""From a line to a command: unknown commands, and lines that are too long."""

from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client

CAPS = "labeled-response batch"


@pytest.mark.parametrize("command", ["NONEXISTENT_COMMAND", "X25", "421X", "PRIV-MSG", "été", "$%&"])
def test_an_unknown_command(server: Target, command: str) -> None:
    """ERR_UNKNOWNCOMMAND: "Sent to a registered client to indicate that the command they sent isn't known by the
    server": "<client> <command> :Unknown command". labeled-response: "This tag MUST be included in any response"."""
    with Client(server, "alice", caps=CAPS) as alice:
        (refusal,) = alice.run(f"@label=7 {command} x :y z")
        assert (refusal.command, refusal.params, refusal.tags["label"]) == (
            "421",
            ("alice", command, "Unknown command"),
            "7",
        )


@pytest.mark.parametrize("line", [":source", "@label=7", ":a :b"])
def test_a_line_without_a_command(server: Target, line: str) -> None:
    """ERR_UNKNOWNERROR: "Indicates that the given command/subcommand could not be processed"."""
    with Client(server, "alice", caps=CAPS) as alice:
        assert alice.commands(line) == ["400"]


def test_a_line_of_16_kib_ends_the_connection(start_server: StartServer, tmp_path: Path) -> None:
    """A shorter line is answered with 417."""
    with Client(start_server(Settings(), quick_options(tmp_path)).address, "alice") as alice:
        assert alice.commands("PRIVMSG alice :" + "x" * 15_000) == ["417"]
        alice.send("PRIVMSG alice :" + "x" * 16_384)
        (farewell,) = alice.until_end()
        assert (farewell.command, farewell.params) == (
            "ERROR",
            ("Input line was too long: a line of IRC can't have 16 KiB",),
        )


def test_a_refused_connection_is_not_counted(server: Target) -> None:
    """RPL_LUSERUNKNOWN: "<connections> is a count of connections that are currently in an unknown state"."""
    with Client(server, "alice") as alice, Client(server) as bob, Client(server) as carol:
        bob.send("PING here")
        carol.send("PING here")
        bob.expect("PONG")
        carol.expect("PONG")
        assert [message.params[1] for message in alice.run("LUSERS") if message.command == "253"] == ["2"]
        bob.send("QUIT")
        bob.expect("ERROR")
        carol.send("GET / HTTP/1.1")
        carol.expect("451")
        assert [message.params[1] for message in alice.run("LUSERS") if message.command == "253"] == ["1"]
