"""CONNECT and SQUIT, of a server that has no links."""

import pytest

from tests.conftest import Serve
from tests.irc import people
from tests.staff import STAFFED, become


@pytest.mark.parametrize("line", ["CONNECT other.example", "SQUIT other.example :bye"])
def test_who_may_and_what_there_is(serve: Serve, line: str) -> None:
    """https://modern.ircdocs.horse/#connect-message names ERR_NOSUCHSERVER, ERR_NEEDMOREPARAMS and ERR_NOPRIVILEGES."""
    with people(serve(STAFFED), "alice", "root") as (alice, root):
        become(root)
        assert alice.commands(line) == ["481"]
        assert alice.commands(line.split()[0]) == ["461"]
        (answer,) = root.run(line)
        assert (answer.command, answer.params[1]) == ("402", "other.example")
