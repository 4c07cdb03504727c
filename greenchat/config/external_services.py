"""The settings of external services that accept tokens of this server."""

import re
from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key

_LEAST_SECRET = 32  # characters: RFC 7518, section 3.2, requires a key as long as the hash


def _url(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[!-~]{1,200}", text):
        raise ValueError("must be a URL like https://wiki.example.org")
    return text


def _secret(text: str) -> str:
    if text and (len(text) < _LEAST_SECRET or not text.isprintable()):
        raise ValueError(f"must have at least {_LEAST_SECRET} printable characters")
    return text


@dataclass(frozen=True, slots=True)
class ExternalService:
    """A service beside the chat, such as a wiki, for which users get tokens."""

    url: Annotated[str, Key("its URL, for which tokens are made", parse=_url)]
    description: Annotated[str, Key("a short description of the service", parse=validators.line)] = ""
    secret: Annotated[str, Key("the secret key for its EXTJWT tokens; empty: no EXTJWT", parse=_secret)] = ""


EXTERNAL = Key(
    "Services beside the chat, like a wiki, a table for each. Users prove their identity there with a token:\n"
    "TOKEN and EXTJWT take the service's name; EXTJWT without a name uses the service default.",
    sample=("wiki", ExternalService("https://wiki.example.org", "Our wiki")),
)
