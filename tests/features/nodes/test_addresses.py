"""Changes of the addresses that nodes listen on, at a reload."""

from pathlib import Path

import pytest

from tests.irc import Client
from tests.ports import reserved_port
from tests.server.forked import run, started
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, nats

pytestmark = NEEDED


def test_a_node_of_several_machines_changes_its_addresses(tmp_path: Path) -> None:
    """No other node uses them."""
    with nats(tmp_path) as (engine,), reserved_port() as port:
        one = Machine(tmp_path, "one", [engine])
        try:
            one.do("cluster", "init")
            one.start()
            text = one.config.read_text(encoding="utf-8")
            one.config.write_text(text.replace(f"127.0.0.1:{one.port}", f"127.0.0.1:{port}"), encoding="utf-8")
            one.do("reload")
            with Client(("127.0.0.1", port), "ann") as ann:
                ann.quit()
            with pytest.raises(OSError, match=r"refused|reset"):  # the latter while the listener closes
                one.client("bob")
            assert one.end() == 0
        finally:
            one.close()


def test_nodes_of_one_machine_change_their_addresses_at_a_restart_only(tmp_path: Path) -> None:
    """The ports are reserved for all nodes at the start."""
    config, data = tmp_path / "server.toml", tmp_path / "d"
    listen = '{address = "127.0.0.1:0"}'
    config.write_text(f"listen = [{listen}]\n", encoding="utf-8")
    with started(tmp_path, "--data", str(data), "--nodes", "1", "--config", str(config)) as server:
        words = ("reload", "--data", str(data))
        assert run(tmp_path, *words).returncode == 0
        config.write_text(f"listen = [{listen}, {listen}]\n", encoding="utf-8")
        refused = run(tmp_path, *words)
        assert refused.returncode == 2
        assert "listen: a change of addresses needs a restart" in refused.stderr
        assert server.end() == 0
