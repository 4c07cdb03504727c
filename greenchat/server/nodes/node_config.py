"""The configuration of a node, from the supervisor or from the options: its name, its folders, and its engine."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from greenchat.config.options import NOT_GIVEN, Options
from greenchat.server.nodes.access import Access

VARIABLE = "GREENCHAT_NODE"
_ENGINE_TIMEOUT = "longer"  # its name in the variable, whose other side may be another version
_SERVED = "GREENCHAT_NODE_SERVED"
STAYS_OFF = 4
"""The exit code of a node that was told to end: its parent does not restart it, and the others serve."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """The configuration of a node.

    name: the node's. log: the log's name. folder: its data; state: the folder of its state file. ports: shared with the
    other nodes, one for each listening address. engine: how to connect to it. monitor: URLs of its monitoring.
    replicas: copies of each entry. keep: hours for which the log keeps entries. size: MiB beyond which it keeps only
    needed entries. makes_log: whether to create a missing log. lease: seconds of silence after which a node is removed.
    patience: seconds without the log before users are told; engine_timeout: before the node restarts. snapshots:
    seconds between two snapshots. ready: a descriptor to write to when the node serves, -1 for none. engine_lock: the
    file with the engine's process id, if the parent of the nodes runs it.
    """

    name: str
    log: str
    folder: str
    state: str
    ports: tuple[int, ...]
    engine: Access
    monitor: tuple[str, ...] = ()
    replicas: int = 1
    keep: float = 24.0
    size: float = 1024.0
    makes_log: bool = True
    lease: float = 10.0
    patience: float = 3.0
    engine_timeout: float = 15.0
    snapshots: float = 300.0
    ready: int = -1
    engine_lock: str = ""

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return Path(self.folder)

    def environment(self) -> dict[str, str]:
        """Return the environment for a process with this configuration."""
        fields = asdict(self)
        fields[_ENGINE_TIMEOUT] = fields.pop("engine_timeout")
        return {**os.environ, VARIABLE: json.dumps(fields)}

    @property
    def has_supervisor(self) -> bool:
        """Whether this process was started by `--nodes`."""
        return VARIABLE in os.environ

    @property
    def served_before(self) -> bool:
        """Whether this process has served, and restarts: then it waits for the engine as long as need be."""
        return _SERVED in os.environ

    def report_ready(self) -> None:
        """Tell the parent process that the node serves."""
        if not self.has_supervisor:
            os.environ[_SERVED] = "1"
        if self.ready >= 0:
            with suppress(OSError):  # a restarted node has already done this
                os.write(self.ready, b"ready\n")

    @classmethod
    def from_environment(cls) -> Self | None:
        """Return the configuration of this process, None if it was not started by `--nodes`."""
        value = os.environ.get(VARIABLE)
        if not value:
            return None
        fields: dict[str, Any] = json.loads(value)
        fields["engine_timeout"] = fields.pop(_ENGINE_TIMEOUT)
        engine = Access(**{**fields["engine"], "urls": tuple(fields["engine"]["urls"])})
        return cls(**{**fields, "engine": engine, "ports": tuple(fields["ports"]), "monitor": tuple(fields["monitor"])})

    @classmethod
    def of(cls, options: Options) -> Self | None:
        """Return the configuration of the node that the options describe, None for a single server."""
        cluster, data = options.cluster, str(options.data)
        if not cluster.node:
            return None
        files = [str(file) if file != NOT_GIVEN else "" for file in (cluster.ca, cluster.certificate, cluster.key)]
        return cls(
            name=cluster.node,
            log=cluster.log,
            folder=data,
            state=data,
            ports=tuple(each.address.port for each in options.listen),
            engine=Access(cluster.engine, cluster.user, cluster.password, cluster.token, *files),
            monitor=cluster.monitor,
            replicas=cluster.replicas,
            keep=cluster.keep_log,
            size=cluster.log_size,
            makes_log=False,
            lease=cluster.lease,
            patience=cluster.patience,
            engine_timeout=cluster.engine_timeout,
            snapshots=cluster.snapshot,
        )
