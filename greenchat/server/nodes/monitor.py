"""Checks that the engine writes to the disk what it acknowledges.

By default NATS writes to the disk every two minutes, which clients can't see: only its monitoring reports it.
"""

import json
from collections.abc import Iterator

from gevent import get_hub

from greenchat.server.fetch import fetch
from greenchat.server.nodes.engine_errors import EngineError
from greenchat.server.nodes.node_config import NodeConfig

_PATIENCE = 5.0  # seconds
_MOST = 1024 * 1024  # bytes


def unsafe(node_config: NodeConfig) -> Iterator[str]:
    """Yield a line for each server of the engine that may lose acknowledged entries. Raises EngineError.

    https://docs.nats.io/running-a-nats-service/nats_admin/monitoring#general-information-varz
    """
    for url in node_config.monitor:
        try:
            _, body = get_hub().threadpool.apply(fetch, (f"{url}/varz",), {"timeout": _PATIENCE, "most": _MOST})
            is_safe = json.loads(body)["jetstream"]["config"].get("sync_always")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:  # of unexpected JSON
            reason = error.strerror or error if isinstance(error, OSError) else "it does not answer like NATS"
            raise EngineError(f"{url} can't be asked for its sync interval: {reason}") from error
        if not is_safe:
            yield (
                f"the engine at {url} does not write to the disk immediately: it needs"
                " jetstream { sync_interval: always }"
            )
