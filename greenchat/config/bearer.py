"""The settings of logins with tokens of an identity provider."""

import re
from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key


def _keys(text: str) -> str:
    """Check the place of a key set. Raises ValueError unless it is a URL or an absolute path."""
    if text and not re.fullmatch(r"https://[!-~]{1,300}|http://(127\.0\.0\.1|localhost)[:/][!-~]{1,300}|/.+", text):
        raise ValueError("must be a URL like https://id.example.org/keys, or the absolute path of a file")
    return text


@dataclass(frozen=True, slots=True)
class Bearer:
    """The identity provider whose tokens are accepted, and the accounts for them."""

    issuer: Annotated[
        str, Key("the issuer of the tokens (iss); empty: no logins with tokens", parse=validators.url)
    ] = ""
    audience: Annotated[
        str, Key("the audience of the tokens (aud): this server, as the provider names it", parse=validators.word)
    ] = ""
    keys: Annotated[
        str, Key("the keys of the provider (a JWK set): a URL, or the absolute path of a file", parse=_keys)
    ] = ""
    claim: Annotated[
        str,
        Key("the claim with the account's name (of an email address, the part before the @)", parse=validators.word),
    ] = "preferred_username"
    create: Annotated[bool, Key("create accounts for people who have none")] = True
