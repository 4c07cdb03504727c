"""The identity of a node and the address of its engine, from the process that starts it or from its configuration."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from greenchat.config.options import NOT_GIVEN, Options
from greenchat.server.nodes.access import Access

VARIABLE = "GREENCHAT_NODE"
_SERVED = "GREENCHAT_NODE_SERVED"
STAYS_OFF = 4
"""The exit code of a node that was told to end: whoever starts the nodes lets it stay off, and the others serve."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A node's place among the nodes.

    name: its own. log: the log's name. folder: its data; state: the folder of its state in the log. ports: that it
    shares with the others, one for each address it listens on. engine: the way to it. monitor: where it tells about
    itself. replicas: how many of the engine's servers keep an entry. keep: hours that the log holds an entry. size: MiB
    beyond which it holds no more than nodes may need.
    makes_log: whether a log that is not there is made. lease: seconds of silence after which a node is given up.
    patience: seconds without the log before people are told; longer: before the node restarts. snapshots: seconds
    between two of them. ready: a descriptor that is written to when the node serves, -1 for none. engine_lock: the file
    with the engine's process id, if whoever starts the nodes runs it.
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
    longer: float = 15.0
    snapshots: float = 300.0
    ready: int = -1
    engine_lock: str = ""

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return Path(self.folder)

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that is to have this seat."""
        return {**os.environ, VARIABLE: json.dumps(asdict(self))}

    @property
    def is_by_itself(self) -> bool:
        """Whether this process was started by itself, not as one of several."""
        return VARIABLE not in os.environ

    @property
    def served_before(self) -> bool:
        """Whether this process has served, and restarts: then it waits for the engine as long as need be."""
        return _SERVED in os.environ

    def report_ready(self) -> None:
        """Tell the parent process that the node serves."""
        if self.is_by_itself:
            os.environ[_SERVED] = "1"
        if self.ready >= 0:
            with suppress(OSError):  # a node that has restarted has told it before
                os.write(self.ready, b"ready\n")

    @classmethod
    def from_environment(cls) -> Self | None:
        """Return the seat of this process, None if nobody has started it as one of several."""
        told = os.environ.get(VARIABLE)
        if not told:
            return None
        fields: dict[str, Any] = json.loads(told)
        engine = Access(**{**fields["engine"], "urls": tuple(fields["engine"]["urls"])})
        return cls(**{**fields, "engine": engine, "ports": tuple(fields["ports"]), "monitor": tuple(fields["monitor"])})

    @classmethod
    def of(cls, options: Options) -> Self | None:
        """Return the seat that a configuration describes, None if it is of a server of its own."""
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
            longer=cluster.engine_timeout,
            snapshots=cluster.snapshot,
        )
