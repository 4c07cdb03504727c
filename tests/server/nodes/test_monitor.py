"""Whether the engine syncs its writes, by its monitoring endpoint or whatever answers in its place."""

import json
from typing import Any

import pytest

from greenchat.server.nodes import monitor
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine_errors import EngineError
from greenchat.server.nodes.monitor import unsafe
from greenchat.server.nodes.node_config import NodeConfig

_URL = "http://127.0.0.1:8222"
_NODE_CONFIG = NodeConfig("one", "greenchat", "/", "/", (), Access(()), (_URL,))


def _answers(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr(monitor, "fetch", lambda *_, **__: (200, body.encode()))


@pytest.mark.parametrize(("config", "count"), [({"sync_always": True}, 0), ({"sync_always": False}, 1), ({}, 1)])
def test_an_engine_that_may_lose_writes_is_reported(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], count: int
) -> None:
    _answers(monkeypatch, json.dumps({"jetstream": {"config": config}}))
    assert [_URL in line for line in unsafe(_NODE_CONFIG)] == [True] * count


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '{"jetstream": null}', '{"jetstream": {"config": null}}'])
def test_another_service_at_the_monitoring_port(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    _answers(monkeypatch, body)
    with pytest.raises(EngineError, match="it does not answer like NATS"):
        list(unsafe(_NODE_CONFIG))
