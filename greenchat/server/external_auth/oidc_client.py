"""The page's logins at an identity provider: OpenID Connect Core 1.0, the authorization code flow, with PKCE.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, RFC 7636. oauthlib makes requests and parses
answers, `jwt_check` checks the token; both are extras: import this module late. All functions block, for some seconds
at most: call them in a thread.
"""

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote

from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from greenchat.commands.core.process import ExternalAuthError
from greenchat.config.oidc import Oidc
from greenchat.server.fetch import fetch
from greenchat.server.jwt_check import TokenCheck, TokenError, TokenRules

_TIMEOUT = 10.0  # seconds for an answer of the provider
_MOST = 1_000_000  # bytes of one
_LASTING = 3600.0  # seconds after which the provider's metadata is fetched again
_PAUSE = 10.0  # seconds after a failure in which it is not asked again
_FORM = "application/x-www-form-urlencoded"


class CodeRefusedError(ExternalAuthError):
    """The provider refused the code of the callback."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one login, shared by the browser and us: state, nonce, and PKCE's verifier."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class _Provider:
    authorization: str
    token: str
    check: TokenCheck


class OidcClient:
    """Asks the provider that the settings name. Thread-safe."""

    def __init__(self, rules: Oidc) -> None:
        self.rules = rules
        self._lock = threading.Lock()
        self._provider: _Provider | None = None
        self._asked = 0.0
        self._failure: ExternalAuthError | None = None

    @property
    def callback(self) -> str:
        """Return the callback URL."""
        return f"{self.rules.url}oidc/callback"

    def address(self, secrets: Secrets) -> str:
        """Return the provider's login URL. Raises ExternalAuthError."""
        challenge = WebApplicationClient(self.rules.client_id).create_code_challenge(secrets.verifier, "S256")
        asked = {
            "response_type": "code",
            "client_id": self.rules.client_id,
            "redirect_uri": self.callback,
            "scope": self.rules.scopes,
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(self._find().authorization, asked.items()))

    def claims(self, code: str, secrets: Secrets, now: int) -> Mapping[str, Any]:
        """Return the provider's claims for a code of the callback. now: ms since the epoch.

        Raises ExternalAuthError.
        """
        provider = self._find()
        client = WebApplicationClient(self.rules.client_id)
        has_secret = bool(self.rules.client_secret)
        body = client.prepare_request_body(
            code, redirect_uri=self.callback, include_client_id=not has_secret, code_verifier=secrets.verifier
        )
        fields = {"Content-Type": _FORM, "Accept": "application/json"}
        if has_secret:  # RFC 6749, section 2.3.1
            pair = f"{quote(self.rules.client_id, safe='')}:{quote(self.rules.client_secret, safe='')}"
            fields["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            _, data = fetch(provider.token, body.encode(), fields, timeout=_TIMEOUT, most=_MOST)
            token = client.parse_request_body_response(data.decode()).get("id_token")
            claims = provider.check.claims(str(token or ""), now)
        except OAuth2Error as error:
            raise CodeRefusedError(f"the identity provider refuses the code: {error.error}") from error
        except TokenError as error:
            raise ExternalAuthError(f"the identity provider's token is not valid: {error}") from error
        except (OSError, ValueError) as error:
            raise ExternalAuthError(f"the identity provider failed: {error}") from error
        # "The Client MUST check that the nonce value is the same value as the one that was sent"
        if claims.get("nonce") != secrets.nonce:
            raise ExternalAuthError("the identity provider's token is for another login")
        # "If an azp (authorized party) Claim is present, the Client SHOULD verify that its client_id is the Claim
        # Value"
        if claims.get("azp", self.rules.client_id) != self.rules.client_id:
            raise ExternalAuthError("the identity provider's token is for another client")
        return claims

    def _find(self) -> _Provider:
        """Return the provider's endpoints: OpenID Connect Discovery 1.0. Raises ExternalAuthError."""
        with self._lock:
            age = monotonic() - self._asked
            if self._failure and age < _PAUSE:
                raise self._failure
            if self._provider is None or age > _LASTING:
                try:
                    self._provider = self._discover()
                    self._failure = None
                except ExternalAuthError as error:
                    self._failure = error
                    raise
                finally:
                    self._asked = monotonic()
            return self._provider

    def _discover(self) -> _Provider:
        issuer = self.rules.issuer
        try:
            url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            status, data = fetch(url, timeout=_TIMEOUT, most=_MOST)
            if status != HTTPStatus.OK:
                raise ExternalAuthError(f"the identity provider answers {status} to {url}")
            document = json.loads(data)
            # "The issuer value returned MUST be identical to the Issuer URL that was used as the prefix"
            if document["issuer"] != issuer:
                raise ExternalAuthError(
                    f"the identity provider's issuer is {str(document['issuer'])[:200]}, not {issuer}"
                )
            login, token, keys = (
                str(document[name]) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            )
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ExternalAuthError(f"the identity provider failed: {error}") from error
        if issuer.startswith("https:") and not all(each.startswith("https://") for each in (login, token, keys)):
            raise ExternalAuthError("the identity provider's addresses do not use https")
        return _Provider(login, token, TokenCheck(TokenRules(issuer, self.rules.client_id, keys)))
