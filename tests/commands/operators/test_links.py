"""CONNECT and SQUIT, on a server without links."""

import pytest

from tests.conftest import Serve
from tests.irc import people
from tests.opers import WITH_OPERS, become_oper


@pytest.mark.parametrize("line", ["CONNECT other.example", "SQUIT other.example :bye"])
def test_privileges_and_unknown_servers(serve: Serve, line: str) -> None:
    """https://modern.ircdocs.horse/#connect-message names ERR_NOSUCHSERVER, ERR_NEEDMOREPARAMS and ERR_NOPRIVILEGES."""
    with people(serve(WITH_OPERS), "alice", "root") as (alice, root):
        become_oper(root)
        assert alice.commands(line) == ["481"]
        assert alice.commands(line.split()[0]) == ["461"]
        (answer,) = root.run(line)
        assert (answer.command, answer.params[1]) == ("402", "other.example")
