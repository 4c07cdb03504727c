"""The settings of logins by external services: tokens, OpenID Connect, a program or HTTP service, a directory."""

from dataclasses import dataclass, field
from typing import Annotated

from greenchat.config.bearer import Bearer
from greenchat.config.external_auth import AUTH_SCRIPT, LDAP, AuthScript, Ldap
from greenchat.config.key import Key
from greenchat.config.oidc import OIDC, Oidc


@dataclass(frozen=True, slots=True)
class Providers:
    """All external services that check logins."""

    bearer: Annotated[
        Bearer,
        Key(
            "Logins with tokens of an identity provider (SASL OAUTHBEARER and IRCV3BEARER, over TLS): JSON Web\n"
            "Tokens, signed with a public key. Needs the package PyJWT."
        ),
    ] = field(default_factory=Bearer)
    oidc: Annotated[Oidc, OIDC] = field(default_factory=Oidc)
    auth_script: Annotated[AuthScript, AUTH_SCRIPT] = field(default_factory=AuthScript)
    ldap: Annotated[Ldap, LDAP] = field(default_factory=Ldap)
