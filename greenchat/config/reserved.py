"""The settings of reserved names."""

from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key

RESERVED_NICKS = (
    "*serv",
    "services",
    "global",
    "root",
    "admin",
    "administrator",
    "sysop",
    "sysadmin",
    "staff",
    "support",
    "security",
    "abuse",
    "server",
    "system",
)


@dataclass(frozen=True, slots=True)
class Reserved:
    """The nicknames and channels that are reserved for operators."""

    nicks: Annotated[
        tuple[str, ...],
        Key(
            "nicknames (* and ? allowed) only for operators, and for owners of an account of that name: names that"
            " could be taken for the server, its services or its staff",
            parse=validators.name_mask,
        ),
    ] = RESERVED_NICKS
    channels: Annotated[
        tuple[str, ...],
        Key("channels that only operators can create, * and ? allowed", parse=validators.name_mask),
    ] = ("#services", "#opers")
