"""The settings of DNS blocklists: lists of abusive addresses, queried through the DNS."""

import re
from dataclasses import dataclass
from typing import Annotated

from greenchat.config.key import Key
from greenchat.values.addresses import address

_NAME = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Zone:
    """A DNS blocklist.

    name: of its zone. answers: the addresses that count as listed; none: every one in 127.0.0.0/8 but for errors
    (127.255.255.0/24).
    """

    name: str
    answers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + (f"={','.join(self.answers)}" if self.answers else "")

    @classmethod
    def parse(cls, text: str) -> "Zone":
        """Return the zone of ZONE or ZONE=ANSWER,ANSWER. Raises ValueError."""
        name, equals, listed = text.partition("=")
        answers = tuple(listed.split(",")) if equals else ()
        if not _NAME.fullmatch(name):
            raise ValueError("is not the name of a zone, like dnsbl.dronebl.org")
        for each in answers:
            try:
                address(each)
            except ValueError:
                raise ValueError("must list the answers that count, like 127.0.0.3,127.0.0.5") from None
        return cls(name, answers)


@dataclass(frozen=True, slots=True)
class BlocklistOptions:
    """The lists to ask about each address that connects, and the consequence. Needs greenchat[dnsbl]."""

    zones: Annotated[
        tuple[Zone, ...],
        Key(
            'the lists, like "dnsbl.dronebl.org"; with "zone=127.0.0.3,127.0.0.5" only these answers count.\n'
            "Read the terms of each. A list that does not answer blocks nobody",
            parse=Zone.parse,
        ),
    ] = ()
    action: Annotated[
        str,
        Key(
            "for a listed address: refuse it, require a login (SASL), or only report it to operators",
            choices=("refuse", "login", "report"),
        ),
    ] = "refuse"
    timeout: Annotated[float, Key("seconds to wait for an answer; the client waits, too", 0.1, 10)] = 2.0
    remember: Annotated[float, Key("seconds to remember an answer", 0, 86_400)] = 600.0
    resolver: Annotated[str, Key("the DNS server to ask, IP or IP:PORT; empty: the system's")] = ""
