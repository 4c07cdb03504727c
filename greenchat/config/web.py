"""What an operator may decide about HTTP: the page, WebSocket, and what hangs on them."""

from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.values.addresses import IpNetwork, network


@dataclass(frozen=True, slots=True)
class Web:
    """The page for browsers, on the same ports. Times in seconds."""

    enabled: Annotated[bool, Key("serve HTTP: the page, and WebSocket for it and for other clients")] = True
    base: Annotated[
        str, Key("the path under which a proxy in front of the server shows it, like /chat/", parse=validators.base)
    ] = "/"
    title: Annotated[str, Key("what stands over the page; empty: the network's name", parse=validators.line)] = ""
    origins: Annotated[
        tuple[str, ...],
        Key(
            'other sites whose pages may connect, like "https://chat.example.org"; "*": all of them',
            parse=validators.origin,
        ),
    ] = ()
    requests: Annotated[int, Key("requests of one address in a minute; 0: no limit", 0, 1_000_000)] = 1200
    unfinished: Annotated[
        int, Key("connections that may wait to finish a request; one more, and the oldest is dropped", 1, 1_000_000)
    ] = 2048
    timeout: Annotated[float, Key("seconds in which a request must have come", 1, 600)] = 15.0
    idle: Annotated[float, Key("seconds that a connection may wait for its next request", 0.1, 600)] = 30.0
    hook_rate: Annotated[int, Key("posts that one hook may make in a minute, after the first 20", 1, 100_000)] = 60


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures for Prometheus at /metrics. Without token and addresses nobody may read them."""

    enabled: Annotated[bool, Key("serve them", restart=True)] = False
    token: Annotated[
        str, Key("who brings it as a bearer token may read them; empty: nobody by a token", parse=validators.word)
    ] = ""
    addresses: Annotated[
        tuple[IpNetwork, ...], Key("who comes from there may read them without a token", parse=network)
    ] = ()
