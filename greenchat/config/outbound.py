"""The settings of outgoing HTTP requests: Web Push and webhooks."""

from dataclasses import dataclass, field
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.values import addresses
from greenchat.values.addresses import IpNetwork


@dataclass(frozen=True, slots=True)
class Push:
    """The rules for Web Push: https://github.com/ircv3/ircv3-specifications/pull/471. Times in seconds."""

    enabled: Annotated[bool, Key("push private messages and highlights to devices that ask for it", restart=True)] = (
        False
    )
    contact: Annotated[
        str,
        Key(
            "how a push service reaches you, like mailto:admin@example.org or https://example.org/contact",
            parse=validators.contact,
        ),
    ] = ""
    quiet: Annotated[int, Key("seconds after a user's last message without pushes to that user", 0, 86_400)] = 120
    timeout: Annotated[float, Key("seconds that one push may take", 1, 60)] = 10.0
    networks: Annotated[
        tuple[IpNetwork, ...],
        Key("non-public addresses that pushes may be sent to", parse=addresses.network),
    ] = ()


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """The rules for webhooks, to which operators of a channel have its messages posted."""

    enabled: Annotated[bool, Key("let operators of channels add webhooks (ChanServ WEBHOOK)", restart=True)] = False
    timeout: Annotated[float, Key("seconds that one request may take", 1, 60)] = 10.0
    networks: Annotated[
        tuple[IpNetwork, ...],
        Key("non-public addresses that may be posted to, also over http", parse=addresses.network),
    ] = ()


@dataclass(frozen=True, slots=True)
class Outbound:
    """The settings of Web Push and of webhooks."""

    push: Annotated[
        Push, Key("Web Push: notifies clients and the page of private messages and highlights while they are closed.")
    ] = field(default_factory=Push)
    webhooks: Annotated[WebhookRules, Key("Webhooks: post the messages of a channel to other programs.")] = field(
        default_factory=WebhookRules
    )
