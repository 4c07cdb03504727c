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
    """Return the address at which a server of the engine tells about itself."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", text):
        raise ValueError("must be addresses like http://127.0.0.1:8222, without a path")
    return text.rstrip("/")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A node's place in the cluster, and its way to the engine. Times in seconds."""

    node: Annotated[
        str, Key("this node's name, another one on each machine; empty: a server of its own", parse=name)
    ] = ""
    engine: Annotated[
        tuple[str, ...],
        Key(
            "the NATS servers that keep the log, like nats://192.0.2.1:4222; tls:// is never without TLS",
            parse=engine_url,
        ),
    ] = ()
    monitor: Annotated[
        tuple[str, ...],
        Key(
            "where those tell about themselves, like http://192.0.2.1:8222: a node does not start where one of them"
            " says that it doesn't write to the disk at once (sync_interval: always)",
            parse=monitor_url,
        ),
    ] = ()
    user: Annotated[str, Key("the user to log in to them as; empty: none")] = ""
    password: Annotated[str, Key("that user's password")] = ""
    token: Annotated[str, Key("or a token instead of both")] = ""
    ca: Annotated[Path, Key("the certificates (PEM) that vouch for theirs, for TLS; empty: those of the system")] = (
        field(default_factory=Path)
    )
    certificate: Annotated[
        Path, Key("this node's own certificate and its chain (PEM), where they ask for one; empty: none")
    ] = field(default_factory=Path)
    key: Annotated[Path, Key("its private key (PEM)")] = field(default_factory=Path)
    log: Annotated[str, Key("the name of the log, for engines that serve others, too", parse=name)] = "greenchat"
    replicas: Annotated[int, Key("servers that keep each entry of a new log: 1, 3 or 5", 1, 5)] = 3
    keep_log: Annotated[
        float, Key("hours that the log holds an entry, and waits for a node that is off: then it joins anew", 1, 8760)
    ] = 24.0
    log_size: Annotated[
        int, Key("MiB of the log beyond which it holds only what a node may need, though it be younger", 1, 1_048_576)
    ] = 1024
    lease: Annotated[float, Key("seconds of silence after which a node is given up", 3, 120)] = 10.0
    patience: Annotated[float, Key("seconds without the engine before people are told", 1, 60)] = 3.0
    engine_timeout: Annotated[float, Key("seconds without the engine before they are sent to another node", 2, 600)] = (
        15.0
    )
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
