"""The settings of the page's logins at an identity provider (OpenID Connect)."""

import re
from dataclasses import dataclass
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key


def _issuer(text: str) -> str:
    if text and not re.fullmatch(
        r"https://[!-~]{1,300}|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/[!-~]{0,300})?", text
    ):
        raise ValueError("must be a URL like https://id.example.org")
    return text


def _scopes(text: str) -> str:
    if "openid" not in text.split() or not text.isprintable():
        raise ValueError("must be words with openid among them, like: openid profile")
    return text


@dataclass(frozen=True, slots=True)
class Oidc:
    """The identity provider for logins of the page."""

    issuer: Annotated[
        str,
        Key(
            "the provider, which has a /.well-known/openid-configuration; empty: none",
            parse=_issuer,
            restart=True,
        ),
    ] = ""
    name: Annotated[str, Key("its name, shown on the button", parse=validators.line)] = "your organisation"
    url: Annotated[
        str,
        Key(
            "the public address of the page, like https://chat.example.org/; the provider must allow the redirect to"
            " oidc/callback below it",
            parse=validators.site,
        ),
    ] = ""
    client_id: Annotated[str, Key("the client id at the provider")] = ""
    client_secret: Annotated[str, Key("the client secret; empty: none (a public client)")] = ""
    scopes: Annotated[str, Key("the scopes to request", parse=_scopes)] = "openid profile"
    claim: Annotated[
        str,
        Key("the claim with the account's name (of an email address, the part before the @)", parse=validators.word),
    ] = "preferred_username"
    create: Annotated[bool, Key("create accounts for people who have none")] = True


OIDC = Key(
    "Logins to the page with an identity provider (OpenID Connect, authorization code with PKCE). Needs the packages\n"
    "oauthlib and PyJWT."
)
