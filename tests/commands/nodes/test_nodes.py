"""NODES on a single server; tests/server/nodes/ tests it with several."""

from pathlib import Path

from tests.conftest import StartServer, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper


def test_nodes_on_a_single_server(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with Client(server.address, "alice") as alice:
        assert [m.command for m in alice.run("NODES")] == ["481"]
        assert [m.command for m in alice.run("DRAIN")] == ["481"]
    root = become_oper(Client(server.address, "root"))
    assert [m.params[-1] for m in root.run("NODES")] == ["This server is a single process"]
    (refused,) = root.run("DRAIN")
    assert refused.params[1:] == ("DRAIN", "This server is a single process")
    root.close()
