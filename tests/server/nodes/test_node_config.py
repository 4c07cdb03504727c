"""The configuration of a node, as its parent passes it on."""

import json

import pytest

from greenchat.server.nodes.access import Access
from greenchat.server.nodes.node_config import VARIABLE, NodeConfig

# The fields as every version passes them on.
_PASSED = {
    "name": "node-1",
    "log": "greenchat",
    "folder": "/data",
    "state": "/data/node-1",
    "ports": [9090, 9091],
    "engine": {
        "urls": ["nats://localhost:1"],
        "user": "",
        "password": "",
        "token": "",
        "ca": "",
        "certificate": "",
        "key": "",
    },
    "monitor": ["http://localhost:2"],
    "replicas": 3,
    "keep": 12.0,
    "size": 512.0,
    "makes_log": False,
    "lease": 9.0,
    "patience": 4.0,
    "longer": 20.0,
    "snapshots": 60.0,
    "ready": 5,
    "engine_lock": "/data/engine",
}


def test_a_node_is_started_by_a_parent_of_an_older_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade restarts the nodes with the installed version, below a parent of the former one."""
    monkeypatch.setenv(VARIABLE, json.dumps(_PASSED))
    config = NodeConfig.from_environment()
    assert config is not None
    assert config.engine == Access(("nats://localhost:1",))
    assert config.engine_timeout == 20.0
    assert json.loads(config.environment()[VARIABLE]) == _PASSED
