"""HELP and HELPOP: https://modern.ircdocs.horse/#help-message."""

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.config.opers import RIGHTS
from tests.conftest import Target
from tests.irc import Client


@pytest.mark.parametrize("command", ["HELP", "HELPOP"])
@pytest.mark.parametrize("subject", ["", "INDEX", "PRIVMSG", "privmsg", "opercmds"])
def test_help_begins_has_its_lines_and_ends(server: Target, command: str, subject: str) -> None:
    """ "reply with a single RPL_HELPSTART message, then arbitrarily many RPL_HELPTXT messages, then a single
    RPL_ENDOFHELP. ... The RPL_HELPSTART message SHOULD be some sort of title and the first RPL_HELPTXT message SHOULD
    be empty." "The <subject> MUST be the one requested by the client, but may be casefolded; unless it would be an
    invalid parameter, in which case it MUST be *" """
    with Client(server, "alice") as alice:
        start, first, *more, end = alice.run(f"{command} {subject}")
        assert (start.command, first.command, end.command) == ("704", "705", "706")
        assert {message.command for message in more} <= {"705"}
        assert start.params[2].startswith("** ")
        assert first.params[2] == ""
        assert all(len(message.params) == 3 for message in more)
        assert {message.params[1] for message in [start, first, *more, end]} == {subject or "*"}


@pytest.mark.parametrize(("subject", "given_back"), [("xyzzy", "xyzzy"), (":unknown subject", "*"), ("::x", "*")])
def test_an_unknown_help_subject(server: Target, subject: str, given_back: str) -> None:
    """ "reply with a single ERR_HELPNOTFOUND message" """
    with Client(server, "alice") as alice:
        (answer,) = alice.run(f"HELP {subject}")
        assert (answer.command, answer.params) == ("524", ("alice", given_back, "No help available on this topic"))


def test_the_index_names_every_command_for_users(server: Target) -> None:
    with Client(server, "alice") as alice:
        words = " ".join(message.params[2] for message in alice.run("HELP")).split()
        assert {name for name, row in COMMANDS.items() if not row.right} <= set(words)


def test_the_index_for_operators_names_every_right(server: Target) -> None:
    with Client(server, "alice") as alice:
        lines = [message.params[2] for message in alice.run("HELP OPERCMDS")]
        assert {line.split()[0] for line in lines if line} >= RIGHTS.keys()


def test_help_names_the_right_that_a_command_needs(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert alice.run("HELP KILL")[-1].params[2] == "Requires an operator class with the right: kill"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_text(name: str) -> None:
    """The first line of a handler's docstring is the syntax of the command, the rest explains it: HELP is made from
    it.
    """
    syntax, empty, *words = COMMANDS[name].about.split("\n")
    assert syntax.split()[0] == name
    assert not syntax.endswith(".")
    assert empty == ""
    assert words[-1].endswith(".")
