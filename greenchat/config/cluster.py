"""The options of a node of several machines that are one server, see server/nodes/README.md."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from greenchat.config.key import Key

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def name(text: str) -> str:
    """Return a name of a node or a log, or "" for none."""
    if text and not _NAME.fullmatch(text):
        raise ValueError("must be one word of at most 32 letters, digits, _ and -")
    return text


def engine_url(text: str) -> str:
    """Return the address of a server of the engine."""
    if not re.fullmatch(r"(nats|tls)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?", text):
        raise ValueError(
            "must be addresses like nats://192.0.2.1:4222, or tls://nats.example.org; user and password are keys"
        )
    return text.rstrip("/")


def monitor_url(text: str) -> str:
    """Check the URL of an engine server's monitoring."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", text):
        raise ValueError("must be addresses like http://127.0.0.1:8222, without a path")
    return text.rstrip("/")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A node of a cluster, and its connection to the engine. Times in seconds."""

    node: Annotated[str, Key("this node's name, unique for each machine; empty: a single server", parse=name)] = ""
    engine: Annotated[
        tuple[str, ...],
        Key(
            "the NATS servers with the log, like nats://192.0.2.1:4222; tls:// requires TLS",
            parse=engine_url,
        ),
    ] = ()
    monitor: Annotated[
        tuple[str, ...],
        Key(
            "the monitoring addresses of these servers, like http://192.0.2.1:8222: a node refuses to start if a"
            " server does not write to the disk immediately (sync_interval: always)",
            parse=monitor_url,
        ),
    ] = ()
    user: Annotated[str, Key("the user name for these servers; empty: none")] = ""
    password: Annotated[str, Key("that user's password")] = ""
    token: Annotated[str, Key("or a token instead of both")] = ""
    ca: Annotated[Path, Key("the CA certificates (PEM) for their TLS; empty: those of the system")] = field(
        default_factory=Path
    )
    certificate: Annotated[Path, Key("this node's client certificate and its chain (PEM); empty: none")] = field(
        default_factory=Path
    )
    key: Annotated[Path, Key("its private key (PEM)")] = field(default_factory=Path)
    log: Annotated[str, Key("the name of the log, if several clusters share the servers", parse=name)] = "greenchat"
    replicas: Annotated[int, Key("copies of each entry of a new log: 1, 3 or 5", 1, 5)] = 3
    keep_log: Annotated[
        float, Key("hours that the log keeps an entry; a node that is off for longer must join again", 1, 8760)
    ] = 24.0
    log_size: Annotated[
        int, Key("MiB of the log above which it keeps only what a node may need, even if it is newer", 1, 1_048_576)
    ] = 1024
    lease: Annotated[float, Key("seconds of silence after which a node is given up", 3, 120)] = 10.0
    patience: Annotated[float, Key("seconds without the NATS servers before users are told", 1, 60)] = 3.0
    engine_timeout: Annotated[
        float, Key("seconds without the NATS servers before users are moved to another node", 2, 600)
    ] = 15.0
    snapshot: Annotated[float, Key("seconds between two snapshots of the state, the same on all nodes", 1, 3600)] = (
        300.0
    )

    @property
    def is_secret_in_the_open(self) -> bool:
        """Whether password or token may go through another machine's network without TLS."""
        hosts = [urlsplit(url) for url in self.engine]
        is_in_tls = self.ca != Path() or self.certificate != Path()
        return (
            bool(self.password or self.token)
            and not is_in_tls
            and any(parts.scheme == "nats" and parts.hostname not in _LOOPBACK for parts in hosts)
        )
