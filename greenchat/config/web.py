"""The options of HTTP: the page, WebSocket, and metrics."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.values.addresses import IpNetwork, network


@dataclass(frozen=True, slots=True)
class Web:
    """The options of the page for browsers, on the same ports. Times in seconds."""

    enabled: Annotated[bool, Key("serve HTTP: the page, and WebSocket for it and for other clients")] = True
    base: Annotated[str, Key("the path of the page behind a proxy, like /chat/", parse=validators.base)] = "/"
    title: Annotated[str, Key("the title of the page; empty: the network's name", parse=validators.line)] = ""
    origins: Annotated[
        tuple[str, ...],
        Key(
            'other sites whose pages can connect, like "https://chat.example.org"; "*": all of them',
            parse=validators.origin,
        ),
    ] = ()
    acme_challenge: Annotated[
        Path,
        Key(
            "the folder of an ACME client's HTTP-01 answers (certbot's --webroot-path, lego's\n"
            "--http.webroot), to be served at /.well-known/acme-challenge/ of a listener on :80; empty: none"
        ),
    ] = field(default_factory=Path)
    requests: Annotated[int, Key("requests per minute from one address; 0: no limit", 0, 1_000_000)] = 6000
    unfinished: Annotated[
        int, Key("connections with an unfinished request; one more drops the oldest", 1, 1_000_000)
    ] = 2048
    timeout: Annotated[float, Key("seconds for a complete request", 1, 600)] = 15.0
    idle: Annotated[float, Key("seconds that an idle connection is kept open", 0.1, 600)] = 30.0
    hook_rate: Annotated[int, Key("posts per minute of one hook, after the first 20; 0: no limit", 0, 100_000)] = 60
    api_rate: Annotated[int, Key("API calls per minute of one bot, after the first 20; 0: no limit", 0, 100_000)] = 240


@dataclass(frozen=True, slots=True)
class Metrics:
    """The options of Prometheus metrics at /metrics. Without token and addresses they can't be read."""

    enabled: Annotated[bool, Key("serve metrics", restart=True)] = False
    token: Annotated[str, Key("the bearer token for reading them; empty: none", parse=validators.word)] = ""
    addresses: Annotated[tuple[IpNetwork, ...], Key("addresses that can read them without a token", parse=network)] = ()
